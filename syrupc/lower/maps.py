"""Maps: a lookup gives a pointer into the kernel's memory, and its null check is the fault that Python would raise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from llvmlite import ir
from numba.core import types

from syrupc.frontend.types import as_int, integer
from syrupc.lower.arithmetic import fits
from syrupc.lower.code import I64, Code, Lowering, const
from syrupc.lower.module import BYTE_POINTER
from syrupc.spec import FaultKind, IntType, MapSpec

_LOOKUP: Final = 1
_UPDATE: Final = 2
_DELETE: Final = 3
_ANY: Final = 0


def _missing(spec: MapSpec) -> FaultKind:
    return FaultKind.INDEX if spec.kind.indexed else FaultKind.KEY


def _key_slot(code: Code, spec: MapSpec, key: ir.Value, kind: types.Type) -> ir.Value:
    """The key in memory, as the helpers want it."""
    storage = code.to_storage(key, kind, spec.key)
    slot = code.slot("key", storage.type)
    code.builder.store(storage, slot)
    return code.builder.bitcast(slot, BYTE_POINTER)


def _key_fits(code: Code, spec: MapSpec, key: ir.Value, kind: types.Type) -> ir.Value | None:
    # A key that its type cannot hold is never present; wrapped, it would name another entry.
    number = as_int(kind)
    assert number is not None
    return fits(code, code.register(key, kind), number, spec.key)


def _require_key(code: Code, spec: MapSpec, key: ir.Value, kind: types.Type) -> ir.Value:
    """The key in memory; a key that cannot be present faults."""
    fitting = _key_fits(code, spec, key, kind)
    if fitting is not None:
        code.fault_if(code.builder.not_(fitting), _missing(spec))
    return _key_slot(code, spec, key, kind)


def _find(code: Code, spec: MapSpec, key: ir.Value, kind: types.Type) -> ir.Value:
    """A pointer to the value; a missing key faults."""
    slot = _require_key(code, spec, key, kind)
    pointer = code.helper(_LOOKUP, BYTE_POINTER, [code.map_pointer(spec.name), slot])
    code.fault_if(code.is_null(pointer), _missing(spec))
    return pointer


def _search(code: Code, spec: MapSpec, key: ir.Value, kind: types.Type) -> ir.Value:
    """A pointer to the value, or null."""
    fitting = _key_fits(code, spec, key, kind)
    builder = code.builder
    if fitting is None:
        return code.helper(_LOOKUP, BYTE_POINTER, [code.map_pointer(spec.name), _key_slot(code, spec, key, kind)])
    before = builder.block
    with builder.if_then(fitting, likely=True):
        slot = _key_slot(code, spec, key, kind)
        found = code.helper(_LOOKUP, BYTE_POINTER, [code.map_pointer(spec.name), slot])
        inside = builder.block
    pointer = builder.phi(BYTE_POINTER)
    pointer.add_incoming(BYTE_POINTER(None), before)
    pointer.add_incoming(found, inside)
    return pointer


def _load(code: Code, pointer: ir.Value, value: IntType) -> ir.Value:
    return code.from_storage(code.load_volatile(pointer, ir.IntType(value.size * 8)), value)


# -- operations --------------------------------------------------------------------------------------------------------


def _get_item(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    spec = signature.args[0].spec
    return _load(code, _find(code, spec, values[1], signature.args[1]), spec.value)


def _get(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    spec = signature.args[0].spec
    builder = code.builder
    default = code.register(values[2], signature.args[2])
    pointer = _search(code, spec, values[1], signature.args[1])
    before = builder.block
    with builder.if_then(builder.not_(code.is_null(pointer)), likely=True):
        found = code.register(_load(code, pointer, spec.value), integer(spec.value))
        inside = builder.block
    result = builder.phi(I64)
    result.add_incoming(default, before)
    result.add_incoming(found, inside)
    return result


def _set(code: Code, signature: Any, values: list[ir.Value]) -> None:
    value_kind, table, key_kind = signature.args
    spec = table.spec
    stored = code.to_storage(values[0], value_kind, spec.value)
    if spec.kind.indexed:
        code.store_volatile(stored, _find(code, spec, values[2], key_kind))
        return
    key = _require_key(code, spec, values[2], key_kind)
    slot = code.slot("value", stored.type)
    code.builder.store(stored, slot)
    arguments = [code.map_pointer(spec.name), key, code.builder.bitcast(slot, BYTE_POINTER), I64(_ANY)]
    status = code.helper(_UPDATE, I64, arguments)
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
    pointer = _search(code, spec, values[0], signature.args[0])
    return code.builder.not_(code.is_null(pointer))


def _entry(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    return _find(code, signature.args[0].spec, values[1], signature.args[1])


def _entry_load(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    return _load(code, values[0], signature.args[0].spec.value)


def _entry_store(code: Code, signature: Any, values: list[ir.Value]) -> None:
    spec = signature.args[0].spec
    code.store_volatile(code.to_storage(values[1], signature.args[1], spec.value), values[0])


def _entry_update(name: str) -> Lowering:
    def lowering(code: Code, signature: Any, values: list[ir.Value]) -> None:
        _modify(code, signature.args[0].spec, name, values[0], values[1], signature.args[1], fetch=False)

    return lowering


def _fetch_add(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    spec = signature.args[0].spec
    pointer = _find(code, spec, values[1], signature.args[1])
    old = _modify(code, spec, "add", pointer, values[2], signature.args[2], fetch=True)
    return code.from_storage(old, spec.value)


_PLAIN: Final[Mapping[str, Callable[[ir.IRBuilder], Callable[..., ir.Value]]]] = {
    "add": lambda b: b.add,
    "sub": lambda b: b.sub,
    "and": lambda b: b.and_,
    "or": lambda b: b.or_,
    "xor": lambda b: b.xor,
}


def _modify(
    code: Code, spec: MapSpec, name: str, pointer: ir.Value, operand: ir.Value, kind: types.Type, *, fetch: bool
) -> ir.Value:
    """Read, change and write back; gives the old value as stored. Atomic where other CPUs see the same memory."""
    builder = code.builder
    width = ir.IntType(spec.value.size * 8)
    change = builder.trunc(code.register(operand, kind), width) if width.width < 64 else code.register(operand, kind)
    if spec.kind.per_cpu:
        old = code.load_volatile(pointer, width)
        code.store_volatile(_stored(code, spec, _PLAIN[name](builder)(old, change)), pointer)
        return old
    if name == "sub":  # the instruction set has no atomic subtraction
        name, change = "add", builder.sub(width(0), change)
    # LLVM 22 selects the instruction that fetches nothing for every monotonic operation, also where the result is
    # used (and then the program reads the operand instead); the stronger order selects the one that fetches.
    order = "seq_cst" if fetch else "monotonic"
    return builder.atomic_rmw(name, builder.bitcast(pointer, width.as_pointer()), change, order)


def _stored(code: Code, spec: MapSpec, value: ir.Value) -> ir.Value:
    if spec.value.bits > 1:
        return value
    return code.builder.zext(code.builder.icmp_unsigned("!=", value, value.type(0)), value.type)


LOWERINGS: Final[Mapping[str, Lowering]] = {
    "map.get_item": _get_item,
    "map.get": _get,
    "map.set": _set,
    "map.delete": _delete,
    "map.contains": _contains,
    "map.entry": _entry,
    "map.fetch_add": _fetch_add,
    "entry.load": _entry_load,
    "entry.store": _entry_store,
    **{f"entry.{name}": _entry_update(name) for name in _PLAIN},
}
