"""Views: reading the bytes of a packet by offset, or by the names of a header's fields, wherever they lie."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from llvmlite import ir
from numba.core import types

from syrupc.frontend.packet_rules import READS
from syrupc.frontend.types import InputType, Lit, View
from syrupc.lower import network, packets
from syrupc.lower.code import Code, Lowering, const

_OF_PACKET: Final = {**packets.ATTRIBUTES, **network.ATTRIBUTES}


def attribute(code: Code, kind: types.Type, value: ir.Value, name: str) -> ir.Value:
    """What follows a dot: an attribute of a packet, or a field of a header."""
    if isinstance(kind, InputType):
        return _OF_PACKET[name](code, value)
    assert isinstance(kind, View)
    return _field(code, kind, name)


def _field(code: Code, view: View, name: str) -> ir.Value:
    assert view.header is not None
    field = view.header.field(name)
    assert field is not None
    builder, unit = code.builder, field.unit
    value = _load(code, view, unit.size, unit.big_endian, const(field.offset), Lit(field.offset))
    if field.bits == unit.bits:
        return value
    return builder.and_(builder.lshr(value, const(field.shift)), const((1 << field.bits) - 1))


def _load(code: Code, view: View, size: int, swapped: bool, offset: ir.Value, kind: Any) -> ir.Value:
    load = packets.load if view.source in packets.STARTS else network.load
    return load(code, view, size, swapped, offset, kind)


def length(code: Code, view: View) -> ir.Value:
    """How many bytes a view has."""
    if view.header is None:
        return code.builder.sub(packets.length(code), const(packets.STARTS[view.source]))
    return network.length(code, view) if view.header.words else const(view.header.size)


def copy(code: Code, view: View, offset: ir.Value, to: ir.Value, size: ir.Value) -> ir.Value:
    """Whether there are `size` bytes at `offset` of a view; then they are copied."""
    if view.source in packets.STARTS:
        position = code.builder.add(offset, const(packets.STARTS[view.source]))
        return packets.copy(code, position, to, size)
    return network.copy(code, offset, to, size)


def _read(method: str) -> Lowering:
    size, swapped = READS[method].size, method.startswith("be")

    def lowering(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
        kind = signature.args[0]
        return _load(code, signature.recvr, size, swapped, code.register(values[1], kind), kind)

    return lowering


def _read_record(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    view, struct, kind = signature.args[0], signature.args[1].spec, signature.args[2]
    load = packets.load_record if view.source in packets.STARTS else network.load_record
    return load(code, view, struct, code.register(values[2], kind), kind)


def _length(code: Code, signature: Any, _values: list[ir.Value]) -> ir.Value:
    return length(code, signature.args[0])


LOWERINGS: Final[Mapping[str, Lowering]] = {
    **{f"view.{method}": _read(method) for method in READS},
    "view.len": _length,
    "view.read": _read_record,
}
