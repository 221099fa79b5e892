"""The typing rules of maps: keys and values, whole entries, and places inside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from numba.core import types

from syrupc.frontend.operands import TypeFailure, describe, operand, require_mixable, require_storable
from syrupc.frontend.suggest import did_you_mean
from syrupc.frontend.types import BOOLEAN, MapRef, Place, Word, as_int, integer, join, loaded
from syrupc.spec import ArrayType, IntType, MapSpec, StoredType, StructType

Rule = Callable[..., types.Type]


def _require_key(declared: MapSpec, key: types.Type, position: int, count: int) -> None:
    if not isinstance(declared.key, IntType):
        assert declared.key is not None
        require_storable(key, declared.key, position, count)
        return
    number = operand(key, position, count)
    value = getattr(number, "value", None)
    if value is None:
        return
    limit = declared.max_entries - 1 if declared.kind.indexed else declared.key.maximum
    lowest = 0 if declared.kind.indexed else declared.key.minimum
    if not lowest <= value <= limit:
        what = "index" if declared.kind.indexed else "key"
        labels = tuple("" if i != position else f"no {what} of `{declared.name}`" for i in range(count))
        note = f"`{declared.name}` has {what + 'es' if what == 'index' else what + 's'} {lowest} to {limit}"
        more = "declare more entries" if declared.kind.indexed else "declare its keys with a wider type"
        message, help_lines = f"{value} is no {what} of `{declared.name}`", (f"use one of those, or {more}",)
        raise TypeFailure("SYR202", message, operands=labels, notes=(note,), help=help_lines)


# -- entries -----------------------------------------------------------------------------------------------------------


def _get_item(table: MapRef, key: types.Type) -> types.Type:
    _require_key(table.spec, key, 1, 2)
    return loaded(table.spec.value)


def _get(table: MapRef, key: types.Type, default: types.Type) -> types.Type:
    _require_key(table.spec, key, 1, 3)
    return _or_default(table.spec, default, 2, 3)


def _or_default(declared: MapSpec, default: types.Type, position: int, count: int) -> types.Type:
    """The type of a value, or of what stands in for it."""
    if not isinstance(declared.value, IntType):
        require_storable(default, declared.value, position, count)
        return loaded(declared.value)
    found = operand(integer(declared.value), 0, 1)
    other = operand(default, position, count)
    require_mixable(found, other, (-1, position))
    joined = join(found, other)
    assert joined is not None
    return joined


def _set(value: types.Type, table: MapRef, key: types.Type) -> types.Type:
    require_storable(value, table.spec.value, 0, 3)
    _require_key(table.spec, key, 2, 3)
    return types.none


def _delete(table: MapRef, key: types.Type) -> types.Type:
    _require_key(table.spec, key, 1, 2)
    return types.none


def _contains(key: types.Type, table: MapRef) -> types.Type:
    declared = table.spec
    asked = declared.value if declared.key is None else declared.key
    if not isinstance(asked, IntType):
        require_storable(key, asked, 0, 2)
        return BOOLEAN
    operand(key, 0, 2)  # one that its type cannot hold is not in there
    return BOOLEAN


def _entry(table: MapRef, key: types.Type) -> types.Type:
    _require_key(table.spec, key, 1, 2)
    return Place(table.spec, table.spec.value)


def _lookup(table: MapRef, key: types.Type) -> types.Type:
    _require_key(table.spec, key, 1, 2)
    return Place(table.spec, table.spec.value, maybe=True)


def _present(_reference: types.Type) -> types.Type:
    return BOOLEAN


# -- places ------------------------------------------------------------------------------------------------------------


def _field(place: types.Type, name: Word) -> types.Type:
    """A part of an entry, by name; an integer entry found by `lookup` has the one part `value`."""
    assert isinstance(place, Place)
    kind = place.kind
    if isinstance(kind, StructType):
        found = kind.field(name.text)
        if found:
            return Place(place.spec, found.type)
        known = [f.name for f in kind.fields]
    else:
        if isinstance(kind, IntType) and place.maybe and name.text == "value":
            return Place(place.spec, kind)
        known = ["value"] if isinstance(kind, IntType) and place.maybe else []
    raise TypeFailure(
        "SYR204",
        f"{_what(place)} has no attribute `{name.text}`",
        notes=(f"known: {', '.join(f'`{each}`' for each in known)}",) if known else (),
        help=did_you_mean(name.text, known) or (f"read `.{known[0]}`",),
    )


def _what(place: Place) -> str:
    kind: StoredType = place.kind
    if place.maybe:
        return f"an entry of `{place.spec.name}`"
    return describe(loaded(kind))


def _element(place: types.Type, index: types.Type) -> types.Type:
    assert isinstance(place, Place)
    if not isinstance(place.kind, ArrayType):
        what = _what(place)
        raise TypeFailure("SYR203", f"{what} is not indexed", operands=(what, ""), help=("name a field of it",))
    require_index(index, place.kind.count, 1, 2)
    return Place(place.spec, place.kind.element)


def require_index(index: types.Type, count: int, position: int, operands: int) -> None:
    """An index into an array of `count`; a constant one must be in it."""
    value = getattr(operand(index, position, operands), "value", None)
    if value is not None and not 0 <= value < count:
        labels = tuple("" if i != position else "no index of it" for i in range(operands))
        note = f"the array has indexes 0 to {count - 1}"
        last = (f"the last element is at {count - 1}",)
        raise TypeFailure("SYR202", f"{value} is no index of the array", operands=labels, notes=(note,), help=last)


def _load(place: types.Type) -> types.Type:
    assert isinstance(place, Place)
    return loaded(place.kind)


def _part(place: types.Type) -> types.Type:
    """What is read through a reference: a number, for records and arrays would change behind the reader's back."""
    assert isinstance(place, Place)
    if isinstance(place.kind, IntType):
        return loaded(place.kind)
    what = _what(place)
    raise TypeFailure(
        "SYR203",
        f"{what} inside a referenced entry cannot be used as a value",
        notes=("it would go on changing with the entry",),
        help=("read the fields one by one",),
    )


def _store(place: types.Type, value: types.Type) -> types.Type:
    assert isinstance(place, Place)
    require_storable(value, place.kind, 1, 2)
    return types.none


def _store_first(value: types.Type, place: types.Type) -> types.Type:
    assert isinstance(place, Place)
    require_storable(value, place.kind, 0, 2)
    return types.none


# -- read, change and write back ---------------------------------------------------------------------------------------


def _update(place: types.Type, value: types.Type) -> types.Type:
    assert isinstance(place, Place)
    _require_atomic(place.spec, place.kind)
    _require_addable(place.kind, value, 1, 2)
    return types.none


def _fetch_add(table: MapRef, key: types.Type, value: types.Type) -> types.Type:
    _require_key(table.spec, key, 1, 3)
    _require_atomic(table.spec, table.spec.value)
    _require_addable(table.spec.value, value, 2, 3)
    return loaded(table.spec.value)


def _compare_swap(table: MapRef, key: types.Type, old: types.Type, new: types.Type) -> types.Type:
    _require_key(table.spec, key, 1, 4)
    declared = table.spec.value
    _require_atomic(table.spec, declared, always=True)
    operand(old, 2, 4)
    require_storable(new, declared, 3, 4)
    return loaded(declared)


def _require_addable(kind: StoredType, value: types.Type, position: int, count: int) -> None:
    number = operand(value, position, count)
    held = as_int(loaded(kind))
    assert held is not None
    require_mixable(held, number, (0 if count == 2 else -1, position))


def _require_atomic(declared: MapSpec, kind: StoredType, *, always: bool = False) -> None:
    """What is updated in place is an integer, and in shared maps one that CPUs update atomically."""
    if not isinstance(kind, IntType):
        raise TypeFailure(
            "SYR203",
            f"{describe(loaded(kind))} is not an integer",
            operands=(describe(loaded(kind)),),
            help=("update its fields one by one",),
        )
    native = not kind.big_endian and kind.bits in (32, 64)
    if native or (declared.kind.per_cpu and not always):
        return
    wider = "i32" if kind.signed else "u64" if kind.bits == 64 else "u32"
    raise TypeFailure(
        "SYR203",
        f"`{declared.name}` holds {kind} here, which no CPU updates atomically",
        notes=("a shared map is updated by all CPUs at once; only u32, i32, u64 and int lose no update",),
        help=(f"declare it as `{wider}`, or use a per-CPU map",),
    )


# -- queues, sets and streams ------------------------------------------------------------------------------------------


def _push(value: types.Type, table: MapRef) -> types.Type:
    require_storable(value, table.spec.value, 1, 2)  # the map stands before its value in the source
    return types.none


def _take(table: MapRef) -> types.Type:
    return loaded(table.spec.value)


def _take_or(table: MapRef, default: types.Type) -> types.Type:
    return _or_default(table.spec, default, 1, 2)


def _emit(event: types.Type, table: MapRef) -> types.Type:
    require_storable(event, table.spec.value, 1, 2)
    return BOOLEAN


UPDATES: Final = ("add", "sub", "and", "or", "xor")
"""The operations that the instruction set has as atomic ones."""

RULES: Final[Mapping[str, Rule]] = {
    "map.get_item": _get_item,
    "map.get": _get,
    "map.set": _set,
    "map.delete": _delete,
    "map.contains": _contains,
    "map.entry": _entry,
    "map.lookup": _lookup,
    "map.fetch_add": _fetch_add,
    "map.compare_swap": _compare_swap,
    "map.push": _push,
    "map.pop": _take,
    "map.peek": _take,
    "map.pop_or": _take_or,
    "map.peek_or": _take_or,
    "map.emit": _emit,
    "place.present": _present,
    "place.field": _field,
    "place.element": _element,
    "entry.load": _load,
    "entry.part": _part,
    "entry.store": _store,
    "entry.assign": _store_first,
    **{f"entry.{name}": _update for name in UPDATES},
}
"""Operation -> its rule."""
