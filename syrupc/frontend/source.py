"""A policy file as text and syntax tree, and the way from a node of the tree to a span."""

from __future__ import annotations

import ast
import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from syrupc.diagnostics import Diagnostic, Label, Span
from syrupc.errors import CompileError


class Located(Protocol):
    """What carries a place: every expression and statement of `ast`."""

    lineno: int
    col_offset: int
    end_lineno: int | None
    end_col_offset: int | None


@dataclass(frozen=True)
class PolicySource:
    """The text of a policy file. `path_name` is how the user spelt its path; it appears in diagnostics only."""

    path_name: str
    text: str

    @property
    def base_name(self) -> str:
        """The file's name without its folder: all that a compiled object says of where it came from."""
        return self.path_name.rpartition("/")[2]

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @cached_property
    def lines(self) -> tuple[str, ...]:
        # Not `splitlines`: the tokenizer does not take form feeds and Unicode separators for ends of lines.
        return tuple(self.text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))

    @cached_property
    def tree(self) -> ast.Module:
        """The syntax tree. Raises `CompileError` SYR102."""
        try:
            return ast.parse(self.text, self.path_name, type_comments=False)
        except SyntaxError as error:
            raise CompileError(_syntax_diagnostic(self, error)) from None
        except (RecursionError, MemoryError):
            raise CompileError(too_deep(self)) from None
        except ValueError as error:
            raise CompileError(Diagnostic("SYR102", str(error), Span(self.path_name, 1))) from None

    def span(self, node: Located) -> Span:
        """Where `node` stands. `ast` counts UTF-8 bytes; a span counts characters."""
        end_line = node.end_lineno or node.lineno
        end_offset = node.col_offset if node.end_col_offset is None else node.end_col_offset
        return Span(
            self.path_name,
            node.lineno,
            self.column(node.lineno, node.col_offset),
            end_line,
            self.column(end_line, end_offset),
        )

    def column(self, line: int, byte_offset: int) -> int:
        """The column, from 1, of a byte offset in a line."""
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        return len(text.encode()[:byte_offset].decode(errors="replace")) + 1

    def segment(self, node: Located) -> str:
        """The source text of `node` on one line, shortened if it is long."""
        span = self.span(node)
        if span.line != span.end_line:
            return self.lines[span.line - 1][span.column - 1 :].strip() + " …"
        return self.lines[span.line - 1][span.column - 1 : span.end_column - 1]


def too_deep(source: PolicySource) -> Diagnostic:
    """What is said where an expression exhausts the stack of whoever reads it."""
    return Diagnostic(
        "SYR102",
        "expressions are nested too deeply",
        Span(source.path_name, 1),
        help=("split the longest expression: assign its parts to variables",),
    )


def _syntax_diagnostic(source: PolicySource, error: SyntaxError) -> Diagnostic:
    line, column = error.lineno or 1, error.offset or 1
    end_line = error.end_lineno or line
    length = len(source.lines[end_line - 1]) if end_line <= len(source.lines) else 0
    end_column = min(error.end_offset or 0, length + 1)  # some releases count the end of the line as well
    span = Span(source.path_name, line, max(column, 1), max(end_line, line), max(end_column, 0))
    message = error.msg[:1].lower() + error.msg[1:]
    return Diagnostic("SYR102", message, span)


class Findings:
    """Collects the diagnostics of a stage, so that one run shows them all."""

    def __init__(self, source: PolicySource) -> None:
        self.source = source
        self._found: list[Diagnostic] = []

    def error(
        self,
        code: str,
        message: str,
        node: Located,
        *,
        label: str = "",
        labels: tuple[tuple[Located, str], ...] = (),
        notes: tuple[str, ...] = (),
        help: tuple[str, ...] = (),
    ) -> None:
        others = tuple(Label(self.source.span(place), text) for place, text in labels)
        self.add(Diagnostic(code, message, self.source.span(node), label=label, labels=others, notes=notes, help=help))

    def add(self, diagnostic: Diagnostic) -> None:
        if diagnostic not in self._found:
            self._found.append(diagnostic)

    def __len__(self) -> int:
        return len(self._found)

    def require_none(self) -> None:
        """End the stage: raises `CompileError` with everything found, in the order of the source."""
        if self._found:
            raise CompileError(sorted(self._found, key=lambda d: (d.span is None, d.span, d.code)))


# -- places of parts of the tree ---------------------------------------------------------------------------------------


def head(node: Located) -> Located:
    """What a statement begins with, as a place: all of a simple one, and of one with a body what stands before that."""
    match node:
        case ast.FunctionDef(name=name):
            return first_words(node, f"def {name}")
        case ast.AsyncFunctionDef(name=name):
            return first_words(node, f"async def {name}")
        case ast.ClassDef(name=name):
            return first_words(node, f"class {name}")
        case ast.With(items=[*_, item]) | ast.AsyncWith(items=[*_, item]):
            return span_of(node, item.optional_vars or item.context_expr)
        case ast.AsyncFor(iter=last) | ast.If(test=last) | ast.While(test=last) | ast.For(iter=last):
            return span_of(node, last)
        case ast.Match(subject=last):
            return span_of(node, last)
        case ast.Try() | ast.TryStar():
            return first_words(node, "try")
    return node


def first_words(node: Located, words: str) -> Located:
    """The words that a statement begins with, as a place."""
    end = node.col_offset + len(words.encode())
    return ast.Constant(
        value=None, lineno=node.lineno, col_offset=node.col_offset, end_lineno=node.lineno, end_col_offset=end
    )


def span_of(first: Located, last: Located) -> ast.Constant:
    """From where `first` begins to where `last` ends, as a place."""
    return ast.Constant(
        value=None,
        lineno=first.lineno,
        col_offset=first.col_offset,
        end_lineno=last.end_lineno,
        end_col_offset=last.end_col_offset,
    )
