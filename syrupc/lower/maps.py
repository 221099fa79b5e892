"""Maps: a lookup gives a pointer into the kernel's memory, and its null check is the fault that Python would raise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from llvmlite import ir
from numba.core import types

from syrupc.frontend.types import Int, as_int, loaded
from syrupc.kernel.map_types import is_whole
from syrupc.lower import records
from syrupc.lower.arithmetic import fits
from syrupc.lower.code import I32, I64, Code, Lowering, const
from syrupc.lower.module import BYTE_POINTER, matched_key
from syrupc.spec import INT, FaultKind, IntType, MapKind, MapSpec, StoredType

_LOOKUP: Final = 1
_UPDATE: Final = 2
_DELETE: Final = 3
_PUSH: Final = 87
_POP: Final = 88
_PEEK: Final = 89
_RINGBUF_OUTPUT: Final = 130
_ANY: Final = 0


def _missing(spec: MapSpec) -> FaultKind:
    return FaultKind.INDEX if spec.kind.indexed else FaultKind.KEY


# -- keys and values in memory -----------------------------------------------------------------------------------------


def _value_slot(code: Code, value: ir.Value, kind: types.Type, target: StoredType) -> ir.Value:
    """A value in memory, as the helpers want it."""
    slot = code.bytes_slot("value", target.size)
    records.write(code, records.stored(code, value, kind, target), target, slot)
    return slot


def _key_slot(code: Code, spec: MapSpec, key: ir.Value, kind: types.Type) -> ir.Value:
    """The key in memory. An LPM trie is asked for all bits of it."""
    assert spec.key is not None
    stored = records.stored(code, key, kind, spec.key)
    if spec.kind is not MapKind.LPM_TRIE:
        slot = code.bytes_slot("key", spec.key.size)
        records.write(code, stored, spec.key, slot)
        return slot
    slot = code.bytes_slot("key", matched_key(spec.key).size)
    code.builder.store(I32(spec.key.size * 8), code.builder.bitcast(slot, I32.as_pointer()))
    records.write(code, stored, spec.key, code.builder.gep(slot, [const(4)]), alignment=4)
    return slot


def _key_fits(code: Code, spec: MapSpec, key: ir.Value, kind: types.Type) -> ir.Value | None:
    # A key that its type cannot hold is never present; wrapped, it would name another entry.
    if not isinstance(spec.key, IntType):
        return None
    number = as_int(kind)
    assert number is not None
    return fits(code, code.register(key, kind), number, spec.key)


def _require_fitting(code: Code, spec: MapSpec, key: ir.Value, kind: types.Type) -> None:
    """A key that cannot be present faults."""
    fitting = _key_fits(code, spec, key, kind)
    if fitting is not None:
        code.fault_if(code.builder.not_(fitting), _missing(spec))


def _require_key(code: Code, spec: MapSpec, key: ir.Value, kind: types.Type) -> ir.Value:
    """The key in memory; a key that cannot be present faults."""
    _require_fitting(code, spec, key, kind)
    return _key_slot(code, spec, key, kind)


def _at(code: Code, spec: MapSpec, key: ir.Value, kind: types.Type) -> ir.Value:
    """A pointer to the value of a key that fits its type, or null."""
    if isinstance(spec.key, IntType) and spec.kind is not MapKind.LPM_TRIE:
        held = records.stored(code, key, kind, spec.key)
        if spec.key.big_endian:
            held = code.builder.bswap(held)
        lookup = code.state.module.lookups.function(spec.name, held.type)
        return code.builder.call(lookup, [code.map_pointer(spec.name), held])
    return code.helper(_LOOKUP, BYTE_POINTER, [code.map_pointer(spec.name), _key_slot(code, spec, key, kind)])


def _find(code: Code, spec: MapSpec, key: ir.Value, kind: types.Type) -> ir.Value:
    """A pointer to the value; a missing key faults."""
    if is_whole(spec):
        index = code.opaque_index(key, kind)
        code.fault_if(code.builder.icmp_unsigned(">=", index, const(spec.max_entries)), FaultKind.INDEX)
        return _inside(code, spec, index)
    _require_fitting(code, spec, key, kind)
    pointer = _at(code, spec, key, kind)
    code.fault_if(code.is_null(pointer), _missing(spec))
    return pointer


def _search(code: Code, spec: MapSpec, key: ir.Value, kind: types.Type) -> ir.Value:
    """A pointer to the value, or null."""
    if is_whole(spec):
        index = code.opaque_index(key, kind)
        # Hidden, so that nothing but a test of the pointer tells afterwards whether it is null.
        return _or_null(code, _in_range(code, spec, index), lambda: code.hidden_pointer(_inside(code, spec, index)))
    fitting = _key_fits(code, spec, key, kind)
    if fitting is None:
        return _at(code, spec, key, kind)
    return _or_null(code, fitting, lambda: _at(code, spec, key, kind))


def _in_range(code: Code, spec: MapSpec, index: ir.Value) -> ir.Value:
    return code.builder.icmp_unsigned("<", index, const(spec.max_entries))


def _inside(code: Code, spec: MapSpec, index: ir.Value) -> ir.Value:
    """A pointer to an entry of a map that is one value."""
    return code.builder.gep(code.map_pointer(spec.name), [code.builder.mul(index, const(spec.value.size))])


def _or_null(code: Code, condition: ir.Value, find: Callable[[], ir.Value]) -> ir.Value:
    builder = code.builder
    before = builder.block
    with builder.if_then(condition, likely=True):
        found = find()
        inside = builder.block
    return _either(code, BYTE_POINTER(None), before, found, inside)


def _load(code: Code, pointer: ir.Value, kind: StoredType) -> ir.Value:
    return records.unstored(code, records.read(code, kind, pointer, volatile=True), kind)


def _assign(code: Code, value: ir.Value, kind: types.Type, target: StoredType, place: ir.Value) -> None:
    records.write_shared(code, records.stored(code, value, kind, target), target, place)


# -- entries -----------------------------------------------------------------------------------------------------------


def _get_item(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    spec = signature.args[0].spec
    return _load(code, _find(code, spec, values[1], signature.args[1]), spec.value)


def _get(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    spec = signature.args[0].spec
    default = _as_result(code, values[2], signature.args[2])
    if is_whole(spec):
        index = code.opaque_index(values[1], signature.args[1])
        return _load_or(code, default, _in_range(code, spec, index), lambda: _inside(code, spec, index), spec.value)
    pointer = _search(code, spec, values[1], signature.args[1])
    return _load_or(code, default, code.builder.not_(code.is_null(pointer)), lambda: pointer, spec.value)


def _load_or(
    code: Code, default: ir.Value, condition: ir.Value, find: Callable[[], ir.Value], kind: StoredType
) -> ir.Value:
    """What is stored where `find` says, if the condition holds."""
    before = code.builder.block
    with code.builder.if_then(condition, likely=True):
        found = _as_result(code, _load(code, find(), kind), loaded(kind))
        inside = code.builder.block
    return _either(code, default, before, found, inside)


def _either(code: Code, default: ir.Value, before: Any, found: ir.Value, inside: Any) -> ir.Value:
    result = code.builder.phi(default.type)
    result.add_incoming(default, before)
    result.add_incoming(found, inside)
    return result


def _as_result(code: Code, value: ir.Value, kind: types.Type) -> ir.Value:
    """A value that another may stand in for: integers of all types are registers then."""
    return value if as_int(kind) is None else code.register(value, kind)


def _set(code: Code, signature: Any, values: list[ir.Value]) -> None:
    value_kind, table, key_kind = signature.args
    spec = table.spec
    if spec.kind.indexed:
        _assign(code, values[0], value_kind, spec.value, _find(code, spec, values[2], key_kind))
    elif isinstance(spec.key, IntType) and isinstance(spec.value, IntType) and spec.kind is not MapKind.LPM_TRIE:
        _set_in_place(code, signature, values)
    else:
        _update(code, signature, values)


def _set_in_place(code: Code, signature: Any, values: list[ir.Value]) -> None:
    """What is there already is overwritten where it is, as `+=` does it; the helper would put another in its place."""
    value_kind, table, key_kind = signature.args
    spec = table.spec
    _require_fitting(code, spec, values[2], key_kind)
    pointer = _at(code, spec, values[2], key_kind)
    with code.choose(code.is_null(pointer)) as (absent, present):
        with present:
            _assign(code, values[0], value_kind, spec.value, pointer)
        with absent:
            _update(code, signature, values)


def _update(code: Code, signature: Any, values: list[ir.Value]) -> None:
    value_kind, table, key_kind = signature.args
    spec = table.spec
    key = _require_key(code, spec, values[2], key_kind)
    value = _value_slot(code, values[0], value_kind, spec.value)
    status = code.helper(_UPDATE, I64, [code.map_pointer(spec.name), key, value, I64(_ANY)])
    code.fault_if(code.builder.icmp_signed("!=", status, const(0)), FaultKind.MAP_FULL)


def _delete(code: Code, signature: Any, values: list[ir.Value]) -> None:
    spec = signature.args[0].spec
    key = _require_key(code, spec, values[1], signature.args[1])
    status = code.helper(_DELETE, I64, [code.map_pointer(spec.name), key])
    code.fault_if(code.builder.icmp_signed("!=", status, const(0)), FaultKind.KEY)


def _contains(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    spec = signature.args[1].spec
    if spec.kind.indexed:
        key = code.register(values[0], signature.args[0])
        return code.builder.icmp_unsigned("<", key, const(spec.max_entries))
    if spec.kind is MapKind.BLOOM:
        return _is_member(code, spec, values[0], signature.args[0])
    pointer = _search(code, spec, values[0], signature.args[0])
    return code.is_there(pointer)


def _is_member(code: Code, spec: MapSpec, value: ir.Value, kind: types.Type) -> ir.Value:
    """Whether a Bloom filter may hold a value; one that its type cannot hold was never added."""
    number = as_int(kind)
    fitting = None
    if number is not None and isinstance(spec.value, IntType):
        fitting = fits(code, code.register(value, kind), number, spec.value)
    slot = _value_slot(code, value, kind, spec.value)
    status = code.helper(_PEEK, I64, [code.map_pointer(spec.name), slot])
    member = code.builder.icmp_signed("==", status, const(0))
    return member if fitting is None else code.builder.and_(member, fitting)


# -- places ------------------------------------------------------------------------------------------------------------


def _entry(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    return _find(code, signature.args[0].spec, values[1], signature.args[1])


def _lookup(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    return _search(code, signature.args[0].spec, values[1], signature.args[1])


def _present(code: Code, _signature: Any, values: list[ir.Value]) -> ir.Value:
    return code.is_there(values[0])


def _field(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    kind = signature.args[0].kind
    if isinstance(kind, IntType):  # the one part of an integer entry
        return values[0]
    return code.builder.gep(values[0], [const(kind.field(signature.args[1].text).offset)])


def _element(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    kind = signature.args[0].kind
    index = records.bounded_index(code, values[1], signature.args[1], kind.count)
    return code.builder.gep(values[0], [code.builder.mul(index, const(kind.element.size))])


def _entry_load(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    return _load(code, values[0], signature.args[0].kind)


def _entry_store(code: Code, signature: Any, values: list[ir.Value]) -> None:
    _assign(code, values[1], signature.args[1], signature.args[0].kind, values[0])


def _entry_assign(code: Code, signature: Any, values: list[ir.Value]) -> None:
    _assign(code, values[0], signature.args[0], signature.args[1].kind, values[1])


# -- read, change and write back ---------------------------------------------------------------------------------------


def _entry_update(name: str) -> Lowering:
    def lowering(code: Code, signature: Any, values: list[ir.Value]) -> None:
        place = signature.args[0]
        _modify(code, place.spec, place.kind, name, values[0], values[1], signature.args[1], fetch=False)

    return lowering


def _fetch_add(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    spec = signature.args[0].spec
    pointer = _find(code, spec, values[1], signature.args[1])
    old = _modify(code, spec, spec.value, "add", pointer, values[2], signature.args[2], fetch=True)
    return code.from_storage(old, spec.value)


_PLAIN: Final[Mapping[str, Callable[[ir.IRBuilder], Callable[..., ir.Value]]]] = {
    "add": lambda b: b.add,
    "sub": lambda b: b.sub,
    "and": lambda b: b.and_,
    "or": lambda b: b.or_,
    "xor": lambda b: b.xor,
}


def _modify(
    code: Code,
    spec: MapSpec,
    held: IntType,
    name: str,
    pointer: ir.Value,
    operand: ir.Value,
    kind: types.Type,
    *,
    fetch: bool,
) -> ir.Value:
    """Read, change and write back; gives the old value as held. Atomic where other CPUs see the same memory."""
    builder = code.builder
    if held.bits == 1:
        return _modify_bool(code, held, name, pointer, code.register(operand, kind))
    width = ir.IntType(held.size * 8)
    change = builder.trunc(code.register(operand, kind), width) if width.width < 64 else code.register(operand, kind)
    if spec.kind.per_cpu:
        old = records.read(code, held, pointer, volatile=True)
        records.write_shared(code, _PLAIN[name](builder)(old, change), held, pointer)
        return old
    if name == "sub":  # the instruction set has no atomic subtraction
        name, change = "add", builder.sub(width(0), change)
    # LLVM 22 selects the instruction that fetches nothing for every monotonic operation, also where the result is
    # used (and then the program reads the operand instead); the stronger order selects the one that fetches.
    order = "seq_cst" if fetch else "monotonic"
    return builder.atomic_rmw(name, builder.bitcast(pointer, width.as_pointer()), change, order)


def _modify_bool(code: Code, held: IntType, name: str, pointer: ir.Value, change: ir.Value) -> ir.Value:
    """The same for a bool, which only per-CPU maps have in place: it is whether any of 64 bits is set afterwards."""
    builder = code.builder
    old = records.read(code, held, pointer, volatile=True)
    changed = _PLAIN[name](builder)(builder.zext(old, I64), change)
    records.write_shared(code, code.to_storage(changed, Int(INT), held), held, pointer)
    return old


def _compare_swap(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    """Store `new` where the entry holds `old`; the old value. One that its type cannot hold is never there."""
    spec, kinds = signature.args[0].spec, signature.args
    held, builder = spec.value, code.builder
    pointer = _find(code, spec, values[1], kinds[1])
    number = as_int(kinds[2])
    assert number is not None
    fitting = fits(code, code.register(values[2], kinds[2]), number, held)
    old, new = (code.to_storage(v, k, held) for v, k in zip(values[2:], kinds[2:], strict=True))
    if fitting is None:
        return code.from_storage(_exchange(code, spec, pointer, old, new), held)
    with code.choose(fitting, likely=True) as (possible, impossible):
        with possible:
            swapped, swapped_in = _exchange(code, spec, pointer, old, new), builder.block
        with impossible:
            seen, seen_in = code.load_volatile(pointer, old.type), builder.block
    return code.from_storage(_either(code, swapped, swapped_in, seen, seen_in), held)


def _exchange(code: Code, spec: MapSpec, pointer: ir.Value, old: ir.Value, new: ir.Value) -> ir.Value:
    builder = code.builder
    if spec.kind.per_cpu:
        found = code.load_volatile(pointer, old.type)
        with builder.if_then(builder.icmp_unsigned("==", found, old)):
            code.store_volatile(new, pointer)
        return found
    place = builder.bitcast(pointer, old.type.as_pointer())
    return builder.extract_value(builder.cmpxchg(place, old, new, "seq_cst", "seq_cst"), 0)


# -- queues, sets and streams ------------------------------------------------------------------------------------------


def _push(code: Code, signature: Any, values: list[ir.Value]) -> None:
    spec = signature.args[1].spec
    slot = _value_slot(code, values[0], signature.args[0], spec.value)
    status = code.helper(_PUSH, I64, [code.map_pointer(spec.name), slot, I64(_ANY)])
    code.fault_if(code.builder.icmp_signed("!=", status, const(0)), FaultKind.MAP_FULL)


def _take(helper: int) -> Lowering:
    def lowering(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
        spec = signature.args[0].spec
        slot = code.bytes_slot("value", spec.value.size)
        status = code.helper(helper, I64, [code.map_pointer(spec.name), slot])
        empty = code.builder.icmp_signed("!=", status, const(0))
        if len(values) == 1:
            code.fault_if(empty, FaultKind.INDEX)
            return records.unstored(code, records.read(code, spec.value, slot), spec.value)
        default = _as_result(code, values[1], signature.args[1])
        before = code.builder.block
        with code.builder.if_then(code.builder.not_(empty), likely=True):
            taken = records.unstored(code, records.read(code, spec.value, slot), spec.value)
            found = _as_result(code, taken, loaded(spec.value))
            inside = code.builder.block
        return _either(code, default, before, found, inside)

    return lowering


def _emit(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    spec = signature.args[1].spec
    slot = _value_slot(code, values[0], signature.args[0], spec.value)
    arguments = [code.map_pointer(spec.name), slot, I64(spec.value.size), I64(0)]
    return code.builder.icmp_signed("==", code.helper(_RINGBUF_OUTPUT, I64, arguments), const(0))


LOWERINGS: Final[Mapping[str, Lowering]] = {
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
    "map.pop": _take(_POP),
    "map.peek": _take(_PEEK),
    "map.pop_or": _take(_POP),
    "map.peek_or": _take(_PEEK),
    "map.emit": _emit,
    "place.present": _present,
    "place.field": _field,
    "place.element": _element,
    "entry.load": _entry_load,
    "entry.part": _entry_load,
    "entry.store": _entry_store,
    "entry.assign": _entry_assign,
    **{f"entry.{name}": _entry_update(name) for name in _PLAIN},
}
