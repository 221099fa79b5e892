"""IP headers: they lie before what the context points to, and a helper copies from them.

A packet has an IPv4 or an IPv6 header; which one is known from the context. The kernel's own receive path made sure
that the header is whole, and in the linear part, before a socket is looked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from llvmlite import ir

from syrupc.frontend.types import Lit, View
from syrupc.kernel.headers import ETHERTYPES, Header
from syrupc.lower import records
from syrupc.lower.code import I1, I32, I64, Code, const
from syrupc.lower.module import BYTE_POINTER
from syrupc.lower.packets import Attribute, field
from syrupc.spec import FaultKind, StructType

_SKB_LOAD_BYTES_RELATIVE: Final = 68
_HDR_START_NET: Final = 1

# struct sk_reuseport_md (include/uapi/linux/bpf.h, since 4.19)
_MD_ETH_PROTOCOL: Final = 20


def load(code: Code, view: View, size: int, swapped: bool, offset: ir.Value, kind: Any) -> ir.Value:
    """`size` bytes at an offset of a header, as a 64-bit register."""
    bits = ir.IntType(size * 8)
    if isinstance(kind, Lit) and kind.value % size == 0 and kind.value + size <= _header(view).size:
        place = code.builder.gep(whole(code, view), [const(kind.value)])
    else:
        place = code.bytes_slot("copy", size)
        _copy_out(code, view, offset, kind, place, size)
    value = code.builder.load(code.builder.bitcast(place, bits.as_pointer()))
    ordered = code.builder.bswap(value) if swapped and size > 1 else value
    return ordered if size == 8 else code.builder.zext(ordered, I64)


def load_record(code: Code, view: View, struct: StructType, offset: ir.Value, kind: Any) -> ir.Value:
    """The fields of a struct that lies at an offset of a header."""
    slot = code.bytes_slot("copy", struct.size)
    _copy_out(code, view, offset, kind, slot, struct.size)
    return records.read(code, struct, slot)


def whole(code: Code, view: View) -> ir.Value:
    """A copy of the header without options, for all reads of its fields: it is made by the first that is executed."""
    builder, header = code.builder, _header(view)
    place = code.bytes_slot(header.name, header.size)
    # Which paths made the copy is a matter of conditions, and verifiers do not relate them: it is memory at any rate.
    code.on_entry(f"{header.name} cleared", lambda entry: _clear(entry, code.slot_of(header.name, header.size)))
    made = code.on_entry(f"{header.name} copied", _not_yet)
    with builder.if_then(builder.not_(builder.load(made))):
        code.fault_if(builder.not_(copy(code, const(0), place, const(header.size))), FaultKind.NO_HEADER)
        builder.store(I1(1), made)
    return place


def _clear(builder: ir.IRBuilder, slot: ir.Value) -> ir.Value:
    words = [builder.gep(builder.bitcast(slot, I64.as_pointer()), [const(i)]) for i in range(_words(slot))]
    for word in words:
        builder.store(I64(0), word)
    return slot


def _words(slot: ir.Value) -> int:
    kind = slot.type.pointee
    return kind.count if isinstance(kind, ir.ArrayType) else 1


def _not_yet(builder: ir.IRBuilder) -> ir.Value:
    place = builder.alloca(I1)
    builder.store(I1(0), place)
    return place


def _copy_out(code: Code, view: View, offset: ir.Value, kind: Any, slot: ir.Value, size: int) -> None:
    """Copy bytes of a header; beyond its end is a fault, although there are bytes."""
    builder = code.builder
    if not (isinstance(kind, Lit) and kind.value + size <= _header(view).size):
        offset = code.opaque(offset)
        room = builder.sub(length(code, view), const(size))
        beyond = builder.or_(builder.icmp_signed("<", room, const(0)), builder.icmp_unsigned(">", offset, room))
        code.fault_if(beyond, FaultKind.SHORT_PACKET)
    code.fault_if(builder.not_(copy(code, offset, slot, const(size))), FaultKind.SHORT_PACKET)


def length(code: Code, view: View) -> ir.Value:
    """The bytes of the header, options included."""
    header = _header(view)
    if header.words is None:
        return const(header.size)
    words = header.field(header.words)
    assert words is not None
    unit = load(code, view, words.unit.size, words.unit.big_endian, const(words.offset), Lit(words.offset))
    count = code.builder.and_(code.builder.lshr(unit, const(words.shift)), const((1 << words.bits) - 1))
    return code.builder.shl(count, const(2))


def _header(view: View) -> Header:
    assert view.header is not None
    return view.header


def copy(code: Code, offset: ir.Value, to: ir.Value, size: ir.Value) -> ir.Value:
    """Whether there are `size` bytes at `offset` from the network header; then they are copied."""
    builder = code.builder
    place = builder.bitcast(to, BYTE_POINTER)
    arguments = [code.input, builder.trunc(offset, I32), place, builder.trunc(size, I32), I32(_HDR_START_NET)]
    return builder.icmp_signed("==", code.helper(_SKB_LOAD_BYTES_RELATIVE, I64, arguments), const(0))


def _is(code: Code, name: str) -> ir.Value:
    """Whether the packet has this header."""
    in_memory = int.from_bytes(ETHERTYPES[name].to_bytes(2, "big"), "little")
    protocol = field(code, "eth_protocol", _MD_ETH_PROTOCOL, I32)
    return code.builder.icmp_unsigned("==", protocol, I32(in_memory))


def _if_there(name: str) -> Attribute:
    def attribute(code: Code, packet: ir.Value) -> ir.Value:
        code.fault_if(code.builder.not_(_is(code, name)), FaultKind.NO_HEADER)
        return packet

    return attribute


def _version(code: Code, _packet: ir.Value) -> ir.Value:
    return code.select(_is(code, "ip4"), const(4), const(6))


ATTRIBUTES: Final[Mapping[str, Attribute]] = {
    "ip4": _if_there("ip4"),
    "ip6": _if_there("ip6"),
    "ip_version": _version,
}
"""Attribute of a packet -> its lowering."""
