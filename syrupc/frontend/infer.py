"""The end of the front end: from a normal form to a function of which every value's type is known."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from numba.core import errors, ir, types

from syrupc.diagnostics import Diagnostic, Label
from syrupc.errors import InternalError
from syrupc.frontend.bytecode import Place, to_numba_ir
from syrupc.frontend.declare import Declarations, Policy
from syrupc.frontend.normalize import NormalForm
from syrupc.frontend.source import Findings, Located, PolicySource
from syrupc.frontend.types import DECISION, InputType
from syrupc.frontend.typing import Failure, Inferer, IntrinsicName, TypingContext


@dataclass(frozen=True)
class TypedFunction:
    """Numba IR of one policy's function with the type of each variable and the signature of each operation.

    `drops` tells whether DROP occurs in it at all.
    """

    policy: Policy
    func_ir: ir.FunctionIR
    variables: Mapping[str, types.Type]
    operations: Mapping[Any, Any]
    arguments: tuple[types.Type, ...]
    result: types.Type
    drops: bool


def infer(policy: Policy, form: NormalForm, declarations: Declarations, found: Findings) -> TypedFunction | None:
    """Type one policy; what does not type goes to `found`, and then there is no result."""
    names: dict[str, object] = {name: IntrinsicName(name) for name in form.intrinsics}
    names |= {f"map:{name}": declarations.maps[name] for name in form.maps}
    func_ir = to_numba_ir(form.node, declarations.source, names)
    inferer = Inferer(TypingContext(), func_ir)
    arguments: tuple[types.Type, ...] = (InputType(policy.spec.input),)
    for index, (name, kind) in enumerate(zip(func_ir.arg_names, arguments, strict=True)):
        inferer.seed_argument(name, index, kind)
    inferer.seed_return(DECISION)
    inferer.build_constraint()
    undecided = _propagate(inferer)
    if inferer.failures:
        tree = _Nodes(policy.node, declarations.source)
        for failure in inferer.failures:
            found.add(tree.diagnostic(failure))
        return None
    if undecided:
        raise _undecided(undecided)
    variables, result, operations = inferer.unify()
    return TypedFunction(policy, func_ir, variables, operations, arguments, result, "syrup.DROP" in form.intrinsics)


def _propagate(inferer: Inferer) -> Exception | None:
    try:
        inferer.propagate()
    except errors.NumbaError as error:
        return error
    return None


def _undecided(error: Exception) -> InternalError:
    # Every operation of a normal form has a rule, so inference ends with a type or with a failure of a rule.
    return InternalError(
        Diagnostic(
            "SYR901",
            "type inference came to no end",
            notes=(f"stage: infer; {type(error).__name__}",),
            details=(str(error),),
            help=("please report this policy",),
        )
    )


class _Nodes:
    """Finds the syntax of a place, so that a failure shows its operands and quotes them."""

    def __init__(self, function: ast.FunctionDef, source: PolicySource) -> None:
        self.function, self.source = function, source

    @cached_property
    def by_place(self) -> dict[tuple[int, int, int | None, int | None], ast.AST]:
        nodes = (n for n in ast.walk(self.function) if isinstance(n, ast.expr | ast.stmt))
        # Of nodes at one place (an expression statement and its expression) the innermost comes last and wins.
        return {(n.lineno, n.col_offset, n.end_lineno, n.end_col_offset): n for n in nodes}

    def diagnostic(self, failure: Failure) -> Diagnostic:
        reason = failure.reason
        place = self.place(reason.place or failure.place)
        node = self.by_place.get((place.lineno, place.col_offset, place.end_lineno, place.end_col_offset))
        operands = _operands(node) if node is not None else ()
        texts = [self.source.segment(o) for o in operands]
        labelled = [(o, text) for o, text in zip(operands, reason.operands, strict=False) if text]
        return Diagnostic(
            reason.code,
            reason.message,
            self.source.span(place),
            labels=tuple(
                Label(self.source.span(o), text)
                for o, text in (*labelled, *((self.place(loc), text) for loc, text in reason.others))
            ),
            notes=reason.notes,
            help=tuple(_fill(line, {"self": self.source.segment(place)}, texts) for line in reason.help),
        )

    def place(self, loc: ir.Loc) -> Located:
        # Instructions without a place of their own are those that stand for the whole function.
        return loc if isinstance(loc, Place) else self.function


def _operands(node: ast.AST) -> tuple[ast.expr, ...]:
    """The operands of an operation in the order of its intrinsic's arguments (see `normalize`)."""
    match node:
        case ast.BinOp(left=left, right=right):
            return (left, right)
        case ast.Compare(left=left, comparators=[right]):
            return (left, right)
        case ast.UnaryOp(operand=operand):
            return (operand,)
        case ast.AugAssign(target=target, value=value):
            return (target, value)
        case ast.Assign(targets=[ast.Subscript(value=table, slice=key)], value=value):
            return (value, table, key)
        case ast.Subscript(value=table, slice=key):
            return (table, key)
        case ast.Call(func=ast.Attribute(value=receiver), args=arguments):
            return (receiver, *arguments)
        case ast.Call(args=arguments):
            return tuple(arguments)
    return ()


def _fill(line: str, named: dict[str, str], texts: list[str]) -> str:
    """Put source text in for `{0}`, `{1}`, `{self}`; what has none is left to the reader."""
    known = named | {str(i): text for i, text in enumerate(texts)}
    return re.sub(r"\{(\w+)\}", lambda found: known.get(found[1], "..."), line)
