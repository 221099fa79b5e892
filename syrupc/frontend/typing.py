"""Type inference: Numba's, over the language's own types and rules, with failures that keep their places.

Numba's registries are neither read nor written: the context below answers every question from `rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from numba.core import errors, ir, typeinfer, types
from numba.core import typing as numba_typing
from numba.core.typeconv import Conversion
from numba.core.typing import Signature

from syrupc.frontend.helpers import Helper
from syrupc.frontend.operands import TypeFailure, describe
from syrupc.frontend.packet_rules import VIEW_METHODS, require_seen
from syrupc.frontend.rules import RULES, attributes
from syrupc.frontend.suggest import did_you_mean
from syrupc.frontend.types import (
    BOOLEAN,
    DECISION,
    Bytes,
    HelperRef,
    Intrinsic,
    Lit,
    MapRef,
    Method,
    StructRef,
    Word,
    as_int,
    join,
)
from syrupc.spec import MapSpec, StructType


@dataclass(frozen=True)
class IntrinsicName:
    """The value of a global of a normal form: an operation of the language."""

    name: str


class TypingContext(numba_typing.BaseContext):
    """Answers what Numba's inference asks about names, calls, attributes, conversions and joins.

    `helper` gives the signature of a call of a helper function, by its name and the types of what it is given.
    """

    def __init__(self, helper: Callable[[str, tuple[types.Type, ...]], Signature] | None = None) -> None:
        self._helper = helper
        super().__init__()

    def load_additional_registries(self) -> None:
        """There are none."""

    def _load_builtins(self) -> None:
        """Numba's rules for Python's operators are not those of the language (`u64 + int` gives a float)."""

    def resolve_value_type(self, val: Any) -> types.Type:
        match val:
            case IntrinsicName(name="syrup.PASS" | "syrup.DROP"):
                return DECISION
            case IntrinsicName(name=name):
                return Intrinsic(name)
            case MapSpec():
                return MapRef(val)
            case StructType():
                return StructRef(val)
            case Helper():
                return HelperRef(val.name)
            case str():
                return Word(val)
            case bytes():
                return Bytes(val)
            case bool():
                return BOOLEAN
            case int():
                return Lit(val)
            case None:
                return types.none
        if val is bool:
            return Intrinsic("bool")
        name = f"operator.{getattr(val, '__name__', '')}"
        if name in RULES:
            return Intrinsic(name)
        raise ValueError(f"no type for {val!r}")

    def resolve_function_type(self, func: Any, args: Any, kws: Any) -> Signature:
        assert not kws
        if isinstance(func, HelperRef):
            assert self._helper is not None
            return self._helper(func.helper, tuple(args))
        if isinstance(func, Method):
            return Signature(RULES[func.operation](func.this, *args), tuple(args), func.this)
        name = func if isinstance(func, str) else func.operation if isinstance(func, Intrinsic) else None
        if name is None:
            raise TypeFailure("SYR203", f"{describe(func)} cannot be called")
        return Signature(RULES[name](*args), tuple(args), None)

    def resolve_getattr(self, typ: types.Type, attr: str) -> types.Type:
        known = attributes(typ)
        if attr in known:
            return known[attr]
        require_seen(typ, attr)
        raise TypeFailure(
            "SYR204",
            f"{describe(typ)} has no attribute `{attr}`",
            notes=(f"known: {', '.join(f'`{name}`' for name in known)}",) if known else (),
            help=did_you_mean(attr, known) or _example(attr, known),
        )

    def can_convert(self, fromty: types.Type, toty: types.Type) -> Conversion | None:
        if fromty == toty:
            return Conversion.exact
        return Conversion.safe if join(fromty, toty) == toty else None

    def unify_pairs(self, first: types.Type, second: types.Type) -> types.Type | None:
        if types.undefined in (first, second):
            return second if first is types.undefined else first
        return join(first, second)


def _example(attr: str, known: Mapping[str, types.Type]) -> tuple[str, ...]:
    if attr in VIEW_METHODS and not known:
        return (f"a view of a packet has it: `pkt.payload.{attr}`",)
    return tuple(f"for example `.{name}`" for name in [*known][:1])


@dataclass(frozen=True)
class Failure:
    """A rule that did not hold, and where."""

    place: ir.Loc
    reason: TypeFailure


class _Network(typeinfer.ConstraintNetwork):
    """Applies every constraint and remembers the language's failures of the last pass only: types still grow before."""

    def __init__(self) -> None:
        super().__init__()
        self.failures: list[Failure] = []

    def propagate(self, typeinfer: Any) -> list[Exception]:
        self.failures = []
        undecided: list[Exception] = []
        for constraint in self.constraints:
            try:
                constraint(typeinfer)
            except TypeFailure as reason:
                self.failures.append(Failure(constraint.loc, reason))
            except errors.TypingError as error:
                undecided.append(error)
        return undecided


class Inferer(typeinfer.TypeInferer):
    """Infers the types of one function."""

    def __init__(self, context: TypingContext, func_ir: Any) -> None:
        super().__init__(context, func_ir, None)
        self.constraints = _Network()
        # Where a variable got the type that it has now, if that is not where it was first bound.
        self._widened: dict[str, Any] = {}

    @property
    def failures(self) -> list[Failure]:
        return list(self.constraints.failures)

    def typeof_const(self, inst: Any, target: Any, const: Any) -> None:
        try:
            kind = self.context.resolve_value_type(const)
        except OverflowError:
            # Constants are folded before they come here, so the value may exceed what any literal of the source says.
            reason = TypeFailure("SYR202", f"{const} does not fit 64 bits")
            self.constraints.append(_Refused(inst.loc, reason))
            return
        self.add_type(target.name, kind, loc=inst.loc)

    def typeof_global(self, inst: Any, target: Any, gvar: Any) -> None:
        self.lock_type(target.name, self.context.resolve_value_type(gvar.value), loc=inst.loc)
        self.assumed_immutables.add(inst)

    def add_type(self, var: str, tp: types.Type, loc: Any, unless_locked: bool = False) -> None:
        variable = self.typevars[var]
        before = variable.type
        if before is not None and not (unless_locked and variable.locked) and join(before, tp) is None:
            raise _join_failure(var, before, tp, self._origin(var), loc)
        if before is not None and join(before, tp) != before:
            self._widened[var] = loc
        super().add_type(var, tp, loc, unless_locked)

    def propagate_refined_type(self, updated_var: str, updated_type: types.Type) -> None:
        """What a variable is joined to says nothing of where its values come from: no type here is ever imprecise."""

    def copy_type(self, src_var: str, dest_var: str, loc: Any) -> None:
        source = self.typevars[src_var].type
        if source is not None:
            # A join is told of where the values come from, not of where paths meet.
            self.add_type(dest_var, source, self._origin(src_var) or loc)

    def _origin(self, var: str) -> Any:
        return self._widened.get(var, self.typevars[var].define_loc)


@dataclass(frozen=True)
class _Refused:
    """A constraint that cannot hold."""

    loc: ir.Loc
    reason: TypeFailure

    def __call__(self, _typeinfer: Any) -> None:
        raise self.reason


def _join_failure(
    var: str, before: types.Type, now: types.Type, first: ir.Loc | None, second: ir.Loc | None
) -> TypeFailure:
    """Two places give a variable values that no type holds: the later place in the source is where it shows."""
    if first is not None and second is not None and _position(second) < _position(first):
        before, now, first, second = now, before, second, first
    if DECISION in (before, now) or None in (as_int(before), as_int(now)):
        message = f"{describe(now)} where {describe(before)} is expected"
        others = ((first, f"here it is {describe(before)}"),) if first is not None else ()
        help_lines = ("use a variable for each of them",)
        return TypeFailure("SYR206", message, place=second, others=others, help=help_lines)
    name = var.split(".")[0]
    subject = "the value" if name.startswith("$") else f"`{name}`"
    return TypeFailure(
        "SYR206",
        f"{subject} is {describe(now)} here and {describe(before)} on another path",
        notes=("no 64-bit type holds both",),
        help=("convert one of them: `u64(...)` or `int(...)`",),
        place=second,
        others=((first, f"here it is {describe(before)}"),) if first is not None else (),
    )


def _position(loc: ir.Loc) -> tuple[int, int]:
    return loc.line, loc.col or 0
