"""The end of the front end: from a normal form to a function of which every value's type is known."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, TypeAlias

from numba.core import errors, ir, types
from numba.core.typing import Signature

from syrupc.diagnostics import Diagnostic, Label
from syrupc.errors import InternalError
from syrupc.frontend.bytecode import Place, to_numba_ir
from syrupc.frontend.declare import Declarations, Policy
from syrupc.frontend.helpers import VIEW, Annotation, Helper
from syrupc.frontend.normalize import NormalForm
from syrupc.frontend.operands import TypeFailure, describe
from syrupc.frontend.record_rules import general
from syrupc.frontend.source import Located, PolicySource, head
from syrupc.frontend.types import (
    BOOLEAN,
    DECISION,
    Group,
    HelperRef,
    InputType,
    View,
    as_int,
    loaded,
)
from syrupc.frontend.typing import Failure, Inferer, IntrinsicName, TypingContext
from syrupc.spec import BOOL, FunctionSpec, Input, IntType, StructType

HelperKey: TypeAlias = tuple[str, tuple[types.Type, ...]]
"""A helper function, and the types of the arguments that it is called with."""


@dataclass(frozen=True)
class TypedFunction:
    """Numba IR of one function with the type of each variable and the signature of each operation.

    `drops` tells whether DROP occurs in it at all.
    """

    spec: FunctionSpec
    func_ir: ir.FunctionIR
    variables: Mapping[str, types.Type]
    operations: Mapping[Any, Any]
    arguments: tuple[types.Type, ...]
    result: types.Type
    drops: bool

    @property
    def key(self) -> HelperKey:
        return self.spec.name, self.arguments

    @cached_property
    def calls(self) -> tuple[HelperKey, ...]:
        """The helper functions that it calls, once for each place."""
        found: list[HelperKey] = []
        for operation, signature in self.operations.items():
            callee = self.variables.get(operation.func.name) if getattr(operation, "op", "") == "call" else None
            if isinstance(callee, HelperRef):
                found.append((callee.helper, tuple(signature.args)))
        return tuple(found)


class Inference:
    """Types one policy, and each helper function once for the types of arguments that it is called with."""

    def __init__(self, declarations: Declarations, helpers: Mapping[str, NormalForm]) -> None:
        self.declarations, self._forms = declarations, helpers
        self._typed: dict[HelperKey, TypedFunction | None] = {}
        self._found: dict[HelperKey, list[Diagnostic]] = {}
        self._policy: TypedFunction | None = None
        self._own: list[Diagnostic] = []

    def policy(self, policy: Policy, form: NormalForm) -> TypedFunction | None:
        """Type the policy; None if it does not type."""
        arguments: tuple[types.Type, ...] = (InputType(policy.spec.input, policy.spec.hooks),)
        self._policy = self._infer(policy.spec.function, policy.node, form, arguments, self._own, DECISION)
        return self._policy

    def helper(self, name: str, given: tuple[types.Type, ...]) -> Signature:
        """The types of a call. Raises `TypeFailure` for arguments that the annotations do not allow."""
        declared = self.declarations.helpers[name]
        for position, (kind, argument) in enumerate(zip(declared.parameters, given, strict=True)):
            _require_annotated(declared, position, kind, argument, len(given))
        arguments = tuple(map(_passed, declared.parameters, given))
        typed = self._helper(declared, arguments)
        # Its own diagnostics tell why it does not type; the caller is checked with what was declared.
        return Signature(_declared_result(declared) if typed is None else typed.result, arguments, None)

    def called(self) -> tuple[TypedFunction, ...]:
        """The helper functions that the policy calls, each before those that call it."""
        ordered: dict[HelperKey, TypedFunction] = {}

        def visit(function: TypedFunction) -> None:
            for key in function.calls:
                callee = self._typed[key]
                if callee is not None and key not in ordered:
                    visit(callee)
                    ordered[key] = callee

        if self._policy is not None:
            visit(self._policy)
        return tuple(ordered.values())

    @property
    def asked(self) -> frozenset[str]:
        """The helper functions that were typed, each for the arguments of a call."""
        return frozenset(name for name, _ in self._typed)

    def findings(self, uncalled: Collection[str] = ()) -> list[Diagnostic]:
        """What does not type: in the policy, in the helpers for the types that they end up being called with, and in
        those that no policy calls, for the types of their annotations."""
        called = self.asked
        for name in self.declarations.helpers:
            if name in uncalled and name not in called:
                declared = self.declarations.helpers[name]
                self._helper(declared, tuple(map(_widest, declared.parameters)))
        found = list(self._own)
        final = None if self._policy is None else {f.key for f in self.called()}
        for key, diagnostics in self._found.items():
            if final is None or key in final or key[0] not in called or self._typed[key] is None:
                found += diagnostics
        return found

    def _helper(self, declared: Helper, arguments: tuple[types.Type, ...]) -> TypedFunction | None:
        key = declared.name, arguments
        if key not in self._typed:
            self._typed[key] = None  # while it is being typed; recursion was ruled out before
            found = self._found[key] = []
            form = self._forms[declared.name]
            self._typed[key] = self._infer(declared.spec, declared.node, form, arguments, found, None)
        return self._typed[key]

    def _infer(
        self,
        spec: FunctionSpec,
        node: ast.FunctionDef,
        form: NormalForm,
        arguments: tuple[types.Type, ...],
        found: list[Diagnostic],
        result: types.Type | None,
    ) -> TypedFunction | None:
        names: dict[str, object] = {name: IntrinsicName(name) for name in form.intrinsics} | dict(form.globals)
        func_ir = to_numba_ir(form.node, self.declarations.source, names)
        inferer = Inferer(TypingContext(self.helper), func_ir)
        for index, (name, kind) in enumerate(zip(func_ir.arg_names, arguments, strict=True)):
            inferer.seed_argument(name, index, kind)
        if result is not None:
            inferer.seed_return(result)
        inferer.build_constraint()
        undecided = _propagate(inferer)
        if inferer.failures:
            tree = _Nodes(node, self.declarations.source)
            found += (tree.diagnostic(failure) for failure in inferer.failures)
            return None
        if undecided:
            raise _undecided(undecided)
        variables, unified, operations = inferer.unify()
        return TypedFunction(spec, func_ir, variables, operations, arguments, unified, "syrup.DROP" in form.intrinsics)


def _widest(kind: Annotation) -> types.Type:
    """The type of a parameter of which only its annotation is known."""
    match kind:
        case Input():
            return InputType(kind)
        case IntType() | StructType():
            return loaded(kind)
    return View("payload") if kind == VIEW else DECISION


def _declared_result(declared: Helper) -> types.Type:
    kinds = tuple(map(_widest, declared.results))
    return types.none if not kinds else kinds[0] if len(kinds) == 1 else Group(kinds)


def _require_annotated(declared: Helper, position: int, kind: Annotation, given: types.Type, count: int) -> None:
    if _is_annotated(kind, given):
        return
    name = declared.spec.parameters[position]
    number = as_int(given)
    convert = isinstance(kind, IntType) and number is not None
    raise TypeFailure(
        "SYR207",
        f"`{name}` of `{declared.name}` is annotated {_spelt(kind)}, and the argument is {describe(given)}",
        operands=tuple(describe(given) if i == position else "" for i in range(count)),
        notes=("an annotation never converts",),
        help=(f"convert: `{kind}({{{position}}})`",) if convert else (),
    )


def _passed(kind: Annotation, given: types.Type) -> types.Type:
    """The type of a parameter that is given this: a constant may fit what its type as a variable does not fit."""
    passed = general(given)
    return loaded(kind) if isinstance(kind, IntType) and not _is_annotated(kind, passed) else passed


def _is_annotated(kind: Annotation, given: types.Type) -> bool:
    match kind:
        case IntType():
            number = as_int(given)
            return given == BOOLEAN if kind is BOOL else number is not None and number.fits(kind)
        case StructType():
            return bool(given == loaded(kind))
        case Input():
            return isinstance(given, InputType) and given.kind is kind
    return isinstance(given, View)


def _spelt(kind: Annotation) -> str:
    return f"syrup.{kind.value}" if isinstance(kind, Input) else f"syrup.{kind}" if kind == VIEW else str(kind)


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


# A variable that is assigned at more places than that is shown where it is used only.
_SHOWN: Final = 3


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
        if isinstance(node, ast.If | ast.While | ast.Assert | ast.IfExp):  # the test, where nothing else is said of it
            place = node.test
        operands = _operands(node) if node is not None else ()
        texts = [self.source.segment(o) for o in operands]
        labelled = [(o, text) for o, text in zip(operands, reason.operands, strict=False) if text]
        return Diagnostic(
            reason.code,
            reason.message,
            self.source.span(place),
            labels=tuple(
                Label(self.source.span(o), text)
                for o, text in (
                    *labelled,
                    *self.origins([operand for operand, _ in labelled]),
                    *((self.place(loc), text) for loc, text in reason.others),
                )
            ),
            notes=reason.notes,
            help=tuple(_fill(line, {"self": self.source.segment(place)}, texts) for line in reason.help),
        )

    def origins(self, operands: Sequence[ast.expr]) -> Iterator[tuple[Located, str]]:
        """Where the variables among the operands get their values, if that is few places."""
        for name in {o.id: None for o in operands if isinstance(o, ast.Name)}:
            stores = [n for n in ast.walk(self.function) if isinstance(n, ast.Name) and n.id == name]
            stores = [n for n in stores if isinstance(n.ctx, ast.Store)]
            yield from ((n, f"`{name}` gets its value here") for n in stores if len(stores) <= _SHOWN)

    def place(self, loc: ir.Loc) -> Located:
        # Instructions without a place of their own are those that stand for the parameters.
        if isinstance(loc, Place):
            return loc
        parameters = self.function.args.args
        return parameters[0] if len(parameters) == 1 else head(self.function)


def _operands(node: ast.AST) -> tuple[ast.expr, ...]:
    """The operands of an operation in the order of its intrinsic's arguments (see `normalize`)."""
    match node:
        case ast.BinOp(left=left, right=right):
            return (left, right)
        case ast.Compare(left=left, comparators=[right]):
            return (left, right)
        case ast.UnaryOp(operand=operand):
            return (operand,)
        case ast.If(test=test) | ast.While(test=test) | ast.Assert(test=test) | ast.IfExp(test=test):
            return (test,)
        case ast.AugAssign(target=target, value=value):
            return (target, value)
        case ast.Assign(targets=[ast.Subscript(value=table, slice=key)], value=value):
            return (value, table, key)
        case ast.Subscript(value=view, slice=ast.Slice(lower=lower, upper=upper)):
            return (view, lower or view, upper or view)
        case ast.Subscript(value=table, slice=key):
            return (table, key)
        case ast.Call(func=ast.Attribute(value=receiver), args=arguments):
            return (receiver, *arguments)
        case ast.Call(args=arguments):
            return tuple(arguments)
        case ast.Name() | ast.Attribute():  # asked whether it is true: some releases of CPython mark the value alone
            return (node,)
    return ()


def _fill(line: str, named: dict[str, str], texts: list[str]) -> str:
    """Put source text in for `{0}`, `{1}`, `{self}`; what has none is left to the reader."""
    known = named | {str(i): text for i, text in enumerate(texts)}
    return re.sub(r"\{(\w+)\}", lambda found: known.get(found[1], "..."), line)
