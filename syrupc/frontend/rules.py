"""The typing rules: which operands an operation takes, and what it gives.

One function a family of operations; `RULES` is the table. A rule gets the operands' types and returns the result's
type, or raises `TypeFailure`. The rules are those of the language: 64-bit arithmetic; `u64` mixes only with what cannot
be negative; comparisons and shifts are exact across all types; storing wraps.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from numba.core import types

from syrupc.frontend.types import (
    BOOLEAN,
    DECISION,
    NON_NEGATIVE,
    Capped,
    Constants,
    Entry,
    InputType,
    Int,
    Lit,
    MapRef,
    Method,
    Range,
    View,
    as_int,
    integer,
    join,
)
from syrupc.spec import BOOL, INT, INT_TYPES, U8, U16, U32, U64, Input, IntType, MapSpec


class TypeFailure(Exception):  # noqa: N818 -- becomes a diagnostic where the place is known
    """An operation that its operands do not fit.

    `operands` labels them, by position, in the diagnostic; `{0}` and so on in `help` stand for their source text, and
    `{self}` for that of the whole. `place` is where it shows, if that is not the operation's own place; `others` are
    further places with their words.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        operands: tuple[str, ...] = (),
        notes: tuple[str, ...] = (),
        help: tuple[str, ...] = (),
        place: Any = None,
        others: tuple[tuple[Any, str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.place, self.others = place, others
        self.code, self.message, self.operands, self.notes, self.help = code, message, operands, notes, help


Rule = Callable[..., types.Type]

UDP_HEADER: Final = 8
"""Bytes from the transport header to the payload of a datagram."""

MAX_PAYLOAD: Final = 65535 - UDP_HEADER
"""The longest payload of a datagram: that of IPv6, where the header of 40 bytes does not count."""


def describe(kind: types.Type) -> str:
    """A type in the words of the language."""
    match kind:
        case Lit(value=value):
            return f"the constant {value}"
        case Int(values=values):
            if values is U64:
                return "a u64"
            return "an int that cannot be negative" if values.minimum == 0 else "an int that may be negative"
        case _ if kind == BOOLEAN:
            return "a bool"
        case _ if kind == DECISION:
            return "a decision"
        case InputType(kind=source):
            return f"a {source.value}"
        case View():
            return "a view of bytes"
        case Method():
            return "a method (call it)"
    return str(kind)


# -- operators ---------------------------------------------------------------------------------------------------------


def _operand(kind: types.Type, position: int, count: int) -> Int:
    number = as_int(kind)
    if number is None:
        labels = tuple(describe(kind) if i == position else "" for i in range(count))
        raise TypeFailure("SYR203", f"{describe(kind)} is not an integer", operands=labels)
    return number


def _operands(*kinds: types.Type) -> tuple[Int, ...]:
    return tuple(_operand(k, i, len(kinds)) for i, k in enumerate(kinds))


def _require_mixable(left: Int, right: Int) -> None:
    """`u64` meets only what cannot be negative."""
    if left.is_u64 == right.is_u64 or (left.non_negative and right.non_negative):
        return
    labels = (describe(left), describe(right))
    signed, unsigned = (1, 0) if left.is_u64 else (0, 1)
    below = f"`int({{{unsigned}}})` if it is below 2**63 here"
    constant = isinstance((left, right)[signed], Lit)
    raise TypeFailure(
        "SYR201",
        "u64 meets a value that may be negative",
        operands=labels,
        notes=("no 64-bit type holds both, so the result could not be what Python computes",),
        help=(below,) if constant else (f"`u64({{{signed}}})` if it cannot be negative here", below),
    )


def _arithmetic(result: Callable[[Int, Int], IntType]) -> Rule:
    def rule(left: types.Type, right: types.Type) -> types.Type:
        a, b = _operands(left, right)
        _require_mixable(a, b)
        return Int(U64 if a.is_u64 or b.is_u64 else result(a, b))

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
    arithmetic = _arithmetic(result)

    def rule(left: types.Type, right: types.Type) -> types.Type:
        return BOOLEAN if left == right == BOOLEAN else arithmetic(left, right)

    return rule


def _shift_left(value: types.Type, count: types.Type) -> types.Type:
    a, _ = _operands(value, count)
    return Int(U64 if a.is_u64 else NON_NEGATIVE if a.non_negative else INT)


def _shift_right(value: types.Type, count: types.Type) -> types.Type:
    a, _ = _operands(value, count)
    return Int(_storage(a) if a.non_negative else INT)


def _power(base: types.Type, exponent: types.Type) -> types.Type:
    a, b = _operands(base, exponent)
    if not (isinstance(b, Lit) and 0 <= b.value <= 64):
        raise TypeFailure(
            "SYR203",
            "the exponent of `**` must be a constant from 0 to 64",
            operands=("", describe(exponent)),
            help=("for a power of two, shift: `1 << n`",),
        )
    return Int(U64 if a.is_u64 else NON_NEGATIVE if a.non_negative else INT)


def _compare(left: types.Type, right: types.Type) -> types.Type:
    _operands(left, right)
    return BOOLEAN


def _negate(value: types.Type) -> types.Type:
    (a,) = _operands(value)
    return Int(U64 if a.is_u64 else INT)


def _plus(value: types.Type) -> types.Type:
    (a,) = _operands(value)
    return Int(_storage(a)) if not isinstance(a, Lit) else a


def _choose(left: types.Type, right: types.Type) -> types.Type:
    a, b = _operands(left, right)
    _require_mixable(a, b)
    joined = join(a, b)
    assert joined is not None
    return Int(_storage(joined)) if isinstance(joined, Int) else joined


def _absolute(value: types.Type) -> types.Type:
    (a,) = _operands(value)
    return Int(_storage(a) if a.non_negative else NON_NEGATIVE)


def _membership(value: types.Type, *_constants: types.Type) -> types.Type:
    _operand(value, 0, 1)
    return BOOLEAN


def _holds(value: types.Type) -> types.Type:
    _operands(value)
    return types.none


def _truth(value: types.Type) -> types.Type:
    _operands(value)
    return BOOLEAN


# -- conversions -------------------------------------------------------------------------------------------------------


def _require_storable(value: types.Type, target: IntType, position: int, count: int) -> None:
    number = _operand(value, position, count)
    if isinstance(number, Lit) and not target.holds(number.value):
        labels = tuple("" if i != position else f"does not fit {target}" for i in range(count))
        limits = f"{target} holds {target.minimum} to {target.maximum}"
        raise TypeFailure("SYR202", f"{number.value} does not fit {target}", operands=labels, notes=(limits,))


def _cast(target: IntType) -> Rule:
    def rule(value: types.Type) -> types.Type:
        if target is BOOL:
            return _truth(value)
        _require_storable(value, target, 0, 1)
        return integer(target)

    return rule


def _annotated(target: IntType) -> Rule:
    def rule(value: types.Type) -> types.Type:
        number = _operand(value, 0, 1)
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


# -- maps --------------------------------------------------------------------------------------------------------------


def _require_key(declared: MapSpec, key: types.Type, position: int, count: int) -> None:
    number = _operand(key, position, count)
    if not isinstance(number, Lit):
        return
    limit = declared.max_entries - 1 if declared.kind.indexed else declared.key.maximum
    lowest = 0 if declared.kind.indexed else declared.key.minimum
    if not lowest <= number.value <= limit:
        what = "index" if declared.kind.indexed else "key"
        labels = tuple("" if i != position else f"no {what} of `{declared.name}`" for i in range(count))
        note = f"`{declared.name}` has {'indexes' if declared.kind.indexed else 'keys'} {lowest} to {limit}"
        raise TypeFailure("SYR202", f"{number.value} is no {what} of `{declared.name}`", operands=labels, notes=(note,))


def _map_get_item(table: MapRef, key: types.Type) -> types.Type:
    _require_key(table.spec, key, 1, 2)
    return integer(table.spec.value)


def _map_get(table: MapRef, key: types.Type, default: types.Type) -> types.Type:
    _require_key(table.spec, key, 1, 3)
    found = _operand(integer(table.spec.value), 0, 1)
    other = _operand(default, 2, 3)
    _require_mixable(found, other)
    joined = join(found, other)
    assert joined is not None
    return joined


def _map_set(value: types.Type, table: MapRef, key: types.Type) -> types.Type:
    _require_storable(value, table.spec.value, 0, 3)
    _require_key(table.spec, key, 2, 3)
    return types.none


def _map_delete(table: MapRef, key: types.Type) -> types.Type:
    _require_key(table.spec, key, 1, 2)
    return types.none


def _map_contains(key: types.Type, _table: MapRef) -> types.Type:
    _operand(key, 0, 2)
    return BOOLEAN


def _map_entry(table: MapRef, key: types.Type) -> types.Type:
    _require_key(table.spec, key, 1, 2)
    return Entry(table.spec)


def _map_fetch_add(table: MapRef, key: types.Type, value: types.Type) -> types.Type:
    _require_key(table.spec, key, 1, 3)
    _require_atomic(table.spec)
    _require_addable(table.spec, value, 2, 3)
    return integer(table.spec.value)


def _require_addable(declared: MapSpec, value: types.Type, position: int, count: int) -> None:
    number = _operand(value, position, count)
    held = _operand(integer(declared.value), 0, 1)
    _require_mixable(held, number)


def _require_atomic(declared: MapSpec) -> None:
    if declared.kind.per_cpu or declared.value.bits in (32, 64):
        return
    wider = "i32" if declared.value.signed else "u32"
    raise TypeFailure(
        "SYR203",
        f"`{declared.name}` holds {declared.value}, which no CPU updates atomically",
        notes=("a shared map is updated by all CPUs at once; only 32-bit and 64-bit values lose no update",),
        help=(f"declare the values of `{declared.name}` as `{wider}`, or use a PerCpuArray",),
    )


def _entry_update(entry: Entry, value: types.Type) -> types.Type:
    _require_atomic(entry.spec)
    _require_addable(entry.spec, value, 1, 2)
    return types.none


def _entry_load(entry: Entry) -> types.Type:
    return integer(entry.spec.value)


def _entry_store(entry: Entry, value: types.Type) -> types.Type:
    _require_storable(value, entry.spec.value, 1, 2)
    return types.none


# -- packets, loops, built-ins -----------------------------------------------------------------------------------------


def _read(values: IntType) -> Rule:
    def rule(_view: View, *offsets: types.Type) -> types.Type:
        if len(offsets) != 1:
            message = f"a read takes 1 argument, the offset, not {len(offsets)}"
            raise TypeFailure("SYR205", message, help=("for example `pkt.payload.u32(8)`",))
        (offset,) = offsets
        number = _operand(offset, 1, 2)
        if isinstance(number, Lit) and not 0 <= number.value <= MAX_PAYLOAD - values.size:
            raise TypeFailure(
                "SYR202",
                f"no datagram has bytes at {number.value}",
                operands=("", "always past the end") if number.value > 0 else ("", "negative"),
                notes=(f"offsets count from 0, and no datagram carries more than {MAX_PAYLOAD} bytes",),
            )
        return integer(values)

    return rule


def _decision(value: types.Type, _line: types.Type) -> types.Type:
    if value != DECISION and as_int(value) is None:
        raise TypeFailure("SYR206", f"{describe(value)} where a decision is expected")
    return DECISION


def _length(view: types.Type) -> types.Type:
    if not isinstance(view, View):
        raise TypeFailure(
            "SYR203",
            f"`len` of {describe(view)}",
            operands=(describe(view),),
            help=("the length of the data is `len(pkt.payload)`",),
        )
    return Int(NON_NEGATIVE)


def _range(*bounds: types.Type) -> types.Type:
    return Range(range(*(b.value for b in bounds if isinstance(b, Lit))))


def _constants(*values: types.Type) -> types.Type:
    iterable = Constants(tuple(int(v.value) if isinstance(v, Lit) else 0 for v in values))
    if iterable.yield_type is None:
        raise TypeFailure(
            "SYR206",
            "no 64-bit type holds all these constants",
            notes=("some are negative, and some are 2**63 or more",),
        )
    return iterable


def _capped(count: types.Type, limit: types.Type) -> types.Type:
    _operand(count, 0, 2)
    assert isinstance(limit, Lit)
    return Capped(limit.value)


def _get_iterator(values: Range | Constants | Capped) -> types.Type:
    return values.iterator_type


def _next(iterator: Range | Constants | Capped) -> types.Type:
    return types.Pair(iterator.yield_type, BOOLEAN)  # type: ignore[attr-defined]


def _gives(kind: types.Type) -> Rule:
    return lambda: kind


READS: Final[Mapping[str, IntType]] = {
    "u8": U8,
    "u16": U16,
    "u32": U32,
    "u64": U64,
    "be16": U16,
    "be32": U32,
    "be64": U64,
}
"""Method of a view -> what it reads."""

COMPARISONS: Final = ("eq", "ne", "lt", "le", "gt", "ge")

RULES: Final[Mapping[str, Rule]] = {
    "operator.add": _arithmetic(_sum),
    "operator.sub": _arithmetic(_difference),
    "operator.mul": _arithmetic(_sum),
    "operator.floordiv": _arithmetic(_quotient),
    "operator.mod": _arithmetic(_remainder),
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
    "map.get_item": _map_get_item,
    "map.get": _map_get,
    "map.set": _map_set,
    "map.delete": _map_delete,
    "map.contains": _map_contains,
    "map.entry": _map_entry,
    "map.fetch_add": _map_fetch_add,
    "entry.load": _entry_load,
    "entry.store": _entry_store,
    **{f"entry.{name}": _entry_update for name in ("add", "sub", "and", "or", "xor")},
    **{f"view.{name}": _read(values) for name, values in READS.items()},
    "view.len": _length,
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

_ATTRIBUTES: Final[Mapping[Input, Mapping[str, types.Type]]] = {
    Input.PACKET: {
        "payload": View(UDP_HEADER),
        "src_port": Int(U16),
        "dst_port": Int(U16),
        "flow_hash": Int(U32),
    },
}


def attributes(kind: types.Type) -> Mapping[str, types.Type]:
    """What follows a dot behind a value of this type."""
    match kind:
        case InputType(kind=source):
            return _ATTRIBUTES[source]
        case View():
            return {name: Method(f"view.{name}", kind) for name in READS}
    return {}
