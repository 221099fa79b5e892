"""The typing rules: which operands an operation takes, and what it gives.

One function a family of operations; `RULES` is the table, with those of maps, records and packets from their own
modules. A rule gets the operands' types and returns the result's type, or raises `TypeFailure`. The rules are those of
the language: 64-bit arithmetic; `u64` mixes only with what cannot be negative; comparisons and shifts are exact across
all types; storing wraps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from numba.core import types

from syrupc.frontend import map_rules, packet_rules, record_rules
from syrupc.frontend.operands import (
    TypeFailure,
    describe,
    instead,
    operand,
    operands,
    require_mixable,
    require_storable,
)
from syrupc.frontend.types import (
    BOOLEAN,
    DECISION,
    NON_NEGATIVE,
    Capped,
    Constants,
    InputType,
    Int,
    Lit,
    Range,
    Record,
    View,
    as_int,
    integer,
    join,
    loaded,
)
from syrupc.spec import BOOL, INT, INT_TYPES, U8, U32, U64, IntType

Rule = Callable[..., types.Type]

# -- operators ---------------------------------------------------------------------------------------------------------


def _arithmetic(result: Callable[[Int, Int], IntType]) -> Rule:
    def rule(left: types.Type, right: types.Type) -> types.Type:
        a, b = operands(left, right)
        require_mixable(a, b)
        return Int(U64 if a.is_u64 or b.is_u64 else result(a, b))

    return rule


def _narrowing(result: Callable[[Int, Int], IntType]) -> Rule:
    """What gives no more than one of its operands: an int with a u64 gives an int where that one is the int."""

    def rule(left: types.Type, right: types.Type) -> types.Type:
        a, b = operands(left, right)
        require_mixable(a, b)
        return Int(result(a, b))

    return rule


def _sum(a: Int, b: Int) -> IntType:
    return NON_NEGATIVE if a.non_negative and b.non_negative else INT


def _difference(_a: Int, _b: Int) -> IntType:
    return INT


def _quotient(a: Int, b: Int) -> IntType:
    return _storage(a) if a.non_negative and b.non_negative else INT


def _remainder(a: Int, b: Int) -> IntType:
    # Python's remainder has the sign of the divisor and is smaller than it.
    if not b.non_negative:
        return INT
    return min(_storage(a), _storage(b), key=lambda t: t.bits) if a.non_negative else _storage(b)


def _conjunction(a: Int, b: Int) -> IntType:
    masks = [_storage(k) for k in (a, b) if k.non_negative]
    return min(masks, key=lambda t: t.bits) if masks else INT


def _disjunction(a: Int, b: Int) -> IntType:
    return max(_storage(a), _storage(b), key=lambda t: t.bits) if a.non_negative and b.non_negative else INT


def _storage(kind: Int) -> IntType:
    return U8 if kind.values is BOOL else kind.values


def _bitwise(result: Callable[[Int, Int], IntType]) -> Rule:
    arithmetic = _narrowing(result)

    def rule(left: types.Type, right: types.Type) -> types.Type:
        return BOOLEAN if left == right == BOOLEAN else arithmetic(left, right)

    return rule


def _shift_left(value: types.Type, count: types.Type) -> types.Type:
    a, _ = operands(value, count)
    return Int(U64 if a.is_u64 else NON_NEGATIVE if a.non_negative else INT)


def _shift_right(value: types.Type, count: types.Type) -> types.Type:
    a, _ = operands(value, count)
    return Int(_storage(a) if a.non_negative else INT)


def _power(base: types.Type, exponent: types.Type) -> types.Type:
    a, b = operands(base, exponent)
    if not (isinstance(b, Lit) and 0 <= b.value <= 64):
        raise TypeFailure(
            "SYR203",
            "the exponent of `**` must be a constant from 0 to 64",
            operands=("", describe(exponent)),
            help=("for a power of two, shift: `1 << n`",),
        )
    return Int(U64 if a.is_u64 else NON_NEGATIVE if a.non_negative else INT)


def _compare(left: types.Type, right: types.Type) -> types.Type:
    operands(left, right)
    return BOOLEAN


def _negate(value: types.Type) -> types.Type:
    (a,) = operands(value)
    return Int(U64 if a.is_u64 else INT)


def _plus(value: types.Type) -> types.Type:
    (a,) = operands(value)
    return Int(_storage(a)) if not isinstance(a, Lit) else a


def _choose(left: types.Type, right: types.Type) -> types.Type:
    a, b = operands(left, right)
    require_mixable(a, b)
    joined = join(a, b)
    assert joined is not None
    return Int(_storage(joined)) if isinstance(joined, Int) else joined


def _absolute(value: types.Type) -> types.Type:
    (a,) = operands(value)
    return Int(_storage(a) if a.non_negative else NON_NEGATIVE)


def _membership(value: types.Type, *_constants: types.Type) -> types.Type:
    operand(value, 0, 1)
    return BOOLEAN


def _holds(value: types.Type) -> types.Type:
    operands(value)
    return types.none


def _truth(value: types.Type) -> types.Type:
    operands(value)
    return BOOLEAN


# -- conversions -------------------------------------------------------------------------------------------------------


def _cast(target: IntType) -> Rule:
    def rule(value: types.Type) -> types.Type:
        if target is BOOL:
            return _truth(value)
        require_storable(value, target, 0, 1)
        return integer(target)

    return rule


def _annotated(target: IntType) -> Rule:
    def rule(value: types.Type) -> types.Type:
        number = operand(value, 0, 1)
        fits = value == BOOLEAN if target is BOOL else number.fits(target)
        if not fits:
            cast = f"{target}({{self}})"
            raise TypeFailure(
                "SYR207",
                f"the annotation says {target}, and the value is {describe(value)}",
                notes=("an annotation never converts",),
                help=(f"convert: `{cast}`, or annotate `{'u64' if number.is_u64 else 'int'}`",),
            )
        return value

    return rule


# -- loops, built-ins -----------------------------------------------------------------------------------------


def _decision(value: types.Type, _line: types.Type) -> types.Type:
    if value != DECISION and as_int(value) is None:
        message = f"{describe(value)} where a decision is expected"
        help_line = "return the index of an executor, `syrup.PASS` or `syrup.DROP`"
        raise TypeFailure("SYR206", message, help=(*instead(value), help_line))
    return DECISION


def _range(*bounds: types.Type) -> types.Type:
    return Range(range(*(b.value for b in bounds if isinstance(b, Lit))))


def _constants(*values: types.Type) -> types.Type:
    iterable = Constants(tuple(int(v.value) if isinstance(v, Lit) else 0 for v in values))
    if iterable.yield_type is None:
        raise TypeFailure(
            "SYR206",
            "no 64-bit type holds all these constants",
            notes=("some are negative, and some are 2**63 or more",),
            help=("leave out one sort, or write two loops",),
        )
    return iterable


def _capped(count: types.Type, limit: types.Type) -> types.Type:
    operand(count, 0, 2)
    assert isinstance(limit, Lit)
    return Capped(limit.value)


def _get_iterator(values: Range | Constants | Capped) -> types.Type:
    return values.iterator_type


def _next(iterator: Range | Constants | Capped) -> types.Type:
    return types.Pair(iterator.yield_type, BOOLEAN)  # type: ignore[attr-defined]


def _gives(kind: types.Type) -> Rule:
    return lambda: kind


COMPARISONS: Final = ("eq", "ne", "lt", "le", "gt", "ge")

RULES: Final[Mapping[str, Rule]] = {
    "operator.add": _arithmetic(_sum),
    "operator.sub": _arithmetic(_difference),
    "operator.mul": _arithmetic(_sum),
    "operator.floordiv": _narrowing(_quotient),
    "operator.mod": _narrowing(_remainder),
    "operator.and_": _bitwise(_conjunction),
    "operator.or_": _bitwise(_disjunction),
    "operator.xor": _bitwise(_disjunction),
    "operator.lshift": _shift_left,
    "operator.rshift": _shift_right,
    "operator.pow": _power,
    "operator.neg": _negate,
    "operator.pos": _plus,
    "operator.invert": _negate,
    "operator.not_": _truth,
    **{f"operator.{name}": _compare for name in COMPARISONS},
    "bool": _truth,
    "int.min": _choose,
    "int.max": _choose,
    "int.abs": _absolute,
    "int.among": _membership,
    "int.within": _membership,
    "check.holds": _holds,
    **{f"cast.{name}": _cast(values) for name, values in INT_TYPES.items()},
    **{f"annotated.{name}": _annotated(values) for name, values in INT_TYPES.items()},
    **map_rules.RULES,
    **record_rules.RULES,
    **packet_rules.RULES,
    "decision.of": _decision,
    "loop.range": _range,
    "loop.constants": _constants,
    "loop.capped": _capped,
    "getiter": _get_iterator,
    "iternext": _next,
    "syrup.random": _gives(Int(U32)),
    "syrup.cpu": _gives(Int(U32)),
    "syrup.now_ns": _gives(Int(U64)),
}
"""Operation -> its rule."""


def attributes(kind: types.Type) -> Mapping[str, types.Type]:
    """What follows a dot behind a value of this type."""
    match kind:
        case InputType() | View():
            return packet_rules.attributes(kind)
        case Record(spec=struct):
            return {field.name: loaded(field.type) for field in struct.fields}
    return {}
