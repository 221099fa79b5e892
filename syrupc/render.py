"""Diagnostics as people and machines read them: a terminal, JSON, SARIF, and annotations of a CI service."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from syrupc.codes import TITLES
from syrupc.diagnostics import Diagnostic, Severity, Span
from syrupc.snippet import PRIMARY, SECONDARY, Mark, Paint, excerpt, printable

MAX_DIAGNOSTICS: Final = 50
MAX_LABELS: Final = 12
MAX_NOTE_LINES: Final = 20
MAX_DETAIL_LINES: Final = 200
MAX_SOURCE_BYTES: Final = 1 << 20

_RESET: Final = "\x1b[0m"
_ROLES: Final = {"message": "\x1b[1m", "gutter": "\x1b[1;34m", "secondary": "\x1b[1;34m"}
_COLOURS: Final = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m", Severity.NOTE: "\x1b[1;36m"}

_TextOf = Callable[[str], str | None]


def render_text(
    diagnostics: Sequence[Diagnostic],
    *,
    color: bool = False,
    verbose: bool = False,
    sources: Mapping[str, str] | None = None,
) -> str:
    """The findings as a terminal shows them, each with the source lines it speaks of; `""` for none.

    `sources` is the text of each file by the name that spans give it; without it the files are read, if they are
    there. A place whose text is not known is named without an excerpt. `verbose` adds the details.
    """
    text_of = _read if sources is None else sources.get
    blocks = ["\n".join(_block(each, text_of, color, verbose)) for each in diagnostics[:MAX_DIAGNOSTICS]]
    if len(diagnostics) > MAX_DIAGNOSTICS:
        blocks.append(f"... and {len(diagnostics) - MAX_DIAGNOSTICS} more")
    return "\n\n".join(blocks) + "\n" if blocks else ""


def render_json(diagnostics: Sequence[Diagnostic], **more: Any) -> str:
    """One JSON object with everything a diagnostic holds, and `more`. Lines and columns as in `Span`."""
    return _dumps({"version": 1, "diagnostics": [_fields(each) for each in diagnostics], **more})


def render_sarif(diagnostics: Sequence[Diagnostic], *, tool_version: str = "") -> str:
    """A SARIF 2.1.0 log with one run, for code-scanning services.

    What has no place in a file is no result there, and services refuse such: it is told as what hindered the run.
    """
    results = [each for each in diagnostics if each.span]
    hindrances = [each for each in diagnostics if not each.span]
    codes = sorted({each.code for each in diagnostics})
    driver = {"name": "syrupc", "rules": [_sarif_rule(code) for code in codes]}
    if tool_version:
        driver["version"] = tool_version
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {
                "executionSuccessful": not hindrances,
                "toolExecutionNotifications": [_sarif_notification(each) for each in hindrances],
            }
        ],
        "results": [_sarif_result(each, codes.index(each.code)) for each in results],
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return _dumps({"$schema": schema, "version": "2.1.0", "runs": [run]})


def render_github(diagnostics: Sequence[Diagnostic]) -> str:
    """Workflow commands that GitHub shows beside the lines of a change, a line each, and one for those left out."""
    lines = [_annotation(each) for each in diagnostics[:MAX_DIAGNOSTICS]]
    if len(diagnostics) > MAX_DIAGNOSTICS:
        lines.append(f"::notice title=syrupc::... and {len(diagnostics) - MAX_DIAGNOSTICS} more")
    return "".join(f"{each}\n" for each in lines)


# -- text ----------------------------------------------------------------------------------------------------------


def _block(diagnostic: Diagnostic, text_of: _TextOf, color: bool, verbose: bool) -> Iterator[str]:
    paint = _painter(diagnostic.severity) if color else _plain
    head = f"{diagnostic.severity.value}[{diagnostic.code}]"
    yield paint(head, "primary") + paint(f": {_one_line(diagnostic.message)}", "message")
    marks = _marks(diagnostic)
    gutter = max((len(str(max(mark.span.line, mark.span.end_line))) for mark in marks), default=1)
    for file, group in groupby(marks, key=lambda mark: mark.span.file):
        yield from _place(list(group), text_of(file), gutter, paint)
    remarks = [("note", MAX_NOTE_LINES, each) for each in diagnostic.notes]
    remarks += [("help", MAX_NOTE_LINES, each) for each in diagnostic.help]
    remarks += [("detail", MAX_DETAIL_LINES, each) for each in diagnostic.details if verbose]
    for kind, limit, text in remarks:
        first, *rest = _limited(text.expandtabs(4).split("\n"), limit)
        yield f"{paint(' ' * gutter + ' =', 'gutter')} {paint(f'{kind}:', 'message')} {printable(first)}".rstrip()
        yield from (f"{' ' * (gutter + len(kind) + 5)}{printable(line)}".rstrip() for line in rest)


def _marks(diagnostic: Diagnostic) -> list[Mark]:
    """The places of a diagnostic, its own first, those of one file together."""
    marks = [Mark(diagnostic.span, PRIMARY, _one_line(diagnostic.label))] if diagnostic.span else []
    marks += [Mark(each.span, SECONDARY, _one_line(each.message)) for each in diagnostic.labels[:MAX_LABELS]]
    files = list(dict.fromkeys(mark.span.file for mark in marks))
    return sorted(marks, key=lambda mark: files.index(mark.span.file))


def _place(marks: Sequence[Mark], text: str | None, gutter: int, paint: Paint) -> Iterator[str]:
    """Where it is, and the lines there. The arrow is for the diagnostic's own place, colons for another file."""
    first = marks[0]
    arrow = "-->" if first.character == PRIMARY else ":::"
    yield f"{' ' * gutter}{paint(arrow, 'gutter')} {printable(str(first.span))}"
    lines = [] if text is None else text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    shown = list(excerpt(lines, marks, gutter, paint))
    if shown:
        yield paint(" " * gutter + " |", "gutter")
    yield from shown
    if not shown:
        yield from (_words(mark, gutter, paint) for mark in marks if mark.text)


def _words(mark: Mark, gutter: int, paint: Paint) -> str:
    """A mark's words where its source line cannot be shown."""
    return f"{paint(' ' * gutter + ' |', 'gutter')} line {mark.span.line}: {printable(mark.text)}"


def _one_line(text: str) -> str:
    return printable(" ".join(text.split()))


def _limited(lines: list[str], limit: int) -> list[str]:
    """At most `limit` lines: the beginning and the end, and how many are left out between them."""
    if len(lines) <= limit:
        return lines
    half = limit // 2
    return [*lines[:half], f"... {len(lines) - 2 * half} lines ...", *lines[-half:]]


def _painter(severity: Severity) -> Paint:
    roles = {**_ROLES, "primary": _COLOURS[severity]}
    return lambda text, role: f"{roles[role]}{text}{_RESET}"


def _plain(text: str, role: str) -> str:  # noqa: ARG001 - the other painter needs it
    return text


def _read(file: str) -> str | None:
    """A file's text, if it is a plain file of a sensible size."""
    path = Path(file)
    try:
        if not path.is_file() or path.stat().st_size > MAX_SOURCE_BYTES:
            return None
        return path.read_text(encoding="utf-8", errors="replace")
    except (OSError, ValueError):  # ValueError: a name that no file can have
        return None


# -- machines ------------------------------------------------------------------------------------------------------


def _dumps(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"


def _fields(diagnostic: Diagnostic) -> dict[str, Any]:
    """A diagnostic in JSON's terms."""
    return {
        "code": diagnostic.code,
        "title": TITLES.get(diagnostic.code, ""),
        "severity": diagnostic.severity.value,
        "message": diagnostic.message,
        "span": _span_fields(diagnostic.span) if diagnostic.span else None,
        "label": diagnostic.label,
        "labels": [{"span": _span_fields(each.span), "message": each.message} for each in diagnostic.labels],
        "notes": list(diagnostic.notes),
        "help": list(diagnostic.help),
        "details": list(diagnostic.details),
    }


def _span_fields(span: Span) -> dict[str, Any]:
    return {name: getattr(span, name) for name in ("file", "line", "column", "end_line", "end_column")}


def _message(diagnostic: Diagnostic) -> str:
    """Everything a service should show of a diagnostic, where it has one text field."""
    first = f"{diagnostic.message}: {diagnostic.label}" if diagnostic.label else diagnostic.message
    return "\n".join([first, *(f"note: {n}" for n in diagnostic.notes), *(f"help: {h}" for h in diagnostic.help)])


def _sarif_rule(code: str) -> dict[str, Any]:
    title = TITLES.get(code, code)
    return {"id": code, "shortDescription": {"text": title}, "help": {"text": f"syrupc explain {code}"}}


def _sarif_notification(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "descriptor": {"id": diagnostic.code},
        "level": diagnostic.severity.value,
        "message": {"text": _message(diagnostic)},
    }


def _sarif_result(diagnostic: Diagnostic, rule: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": diagnostic.severity.value,
        "message": {"text": _message(diagnostic)},
    }
    if diagnostic.span:
        result["locations"] = [_sarif_location(diagnostic.span)]
    if diagnostic.labels:
        related = [_sarif_location(each.span) | {"message": {"text": each.message}} for each in diagnostic.labels]
        # The schema wants each once.
        result["relatedLocations"] = [each for i, each in enumerate(related) if each not in related[:i]]
    return result


def _sarif_location(span: Span) -> dict[str, Any]:
    path = Path(span.file)
    uri = path.as_uri() if path.is_absolute() else quote(os.fsencode(path))
    region: dict[str, Any] = {"startLine": max(span.line, 1), "startColumn": max(span.column, 1)}
    if span.end_column:
        region |= {"endLine": max(span.end_line, span.line, 1), "endColumn": span.end_column}
    return {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": region}}


_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}


def _annotation(diagnostic: Diagnostic) -> str:
    """`::error file=…,line=…::message`. Columns only where the span stays on one line, as the service demands."""
    properties: dict[str, object] = {}
    if span := diagnostic.span:
        properties = {"file": span.file, "line": max(span.line, 1)}
        if span.end_line > span.line:
            properties["endLine"] = span.end_line
        else:
            properties["col"] = span.column
            properties |= {"endColumn": span.end_column} if span.end_column else {}
    properties["title"] = f"{diagnostic.code} {TITLES.get(diagnostic.code, '')}".strip()
    fields = ",".join(f"{name}={_escaped(str(value), ',:')}" for name, value in properties.items())
    return f"::{_COMMANDS[diagnostic.severity]} {fields}::{_escaped(_message(diagnostic))}"


def _escaped(text: str, also: str = "") -> str:
    """Percent-encodes what would end a workflow command or one of its properties; nothing reaches a terminal raw."""
    text = "\n".join(printable(line) for line in text.replace("\r\n", "\n").split("\n"))
    for character in "%\n" + also:
        text = text.replace(character, f"%{ord(character):02X}")
    return text
