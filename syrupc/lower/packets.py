"""Packets: reads that are checked against the end of the data, at every offset and on every kind of buffer.

The kernel hands a program the first, linear part of a buffer by pointer; the rest of a large datagram may lie in pages
behind it. A read past the pointer's end therefore asks the kernel to copy the bytes, and faults if that fails too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from llvmlite import ir

from syrupc.frontend.types import Lit, View
from syrupc.kernel.headers import UDP
from syrupc.lower import records
from syrupc.lower.code import I32, I64, Code, const, keep_apart
from syrupc.lower.module import BYTE_POINTER
from syrupc.spec import FaultKind, StructType

Attribute = Callable[[Code, ir.Value], ir.Value]
"""Lowers an attribute of a packet: where, and the packet."""

STARTS: Final = {"payload": UDP.size, "udp": 0}
"""View -> where it begins, counted from the transport header; other views lie before that."""

_SKB_LOAD_BYTES: Final = 26

# struct sk_reuseport_md (include/uapi/linux/bpf.h, since 4.19)
_MD_DATA: Final = 0
_MD_DATA_END: Final = 8
_MD_LEN: Final = 16
_MD_HASH: Final = 32


def load(code: Code, view: View, size: int, swapped: bool, offset: ir.Value, kind: Any) -> ir.Value:
    """`size` bytes at an offset of a view, as a 64-bit register."""
    builder = code.builder
    if isinstance(kind, Lit):
        offset = const(kind.value)
    else:
        # Unsigned, so a negative offset is beyond every limit as well; the kernel wants the limit to add to a pointer.
        offset = code.opaque(offset)
        code.fault_if(builder.icmp_unsigned(">", offset, const(view.longest - size)), FaultKind.SHORT_PACKET)
    position = builder.add(offset, const(STARTS[view.source]))
    pointer = builder.gep(data(code), [position])
    end = builder.gep(pointer, [const(size)])
    present = builder.icmp_unsigned("<=", end, data_end(code))
    bits = ir.IntType(size * 8)
    with code.choose(present, likely=True) as (linear, paged):
        with linear:
            near = builder.load(builder.bitcast(pointer, bits.as_pointer()))
            near_block = builder.block
        with paged:
            far = _copy_out(code, position, bits)
            far_block = builder.block
            keep_apart(builder)  # or both loads become one, of a pointer that is one or the other
    value = builder.phi(bits)
    value.add_incoming(near, near_block)
    value.add_incoming(far, far_block)
    ordered = builder.bswap(value) if swapped and size > 1 else value
    return ordered if size == 8 else builder.zext(ordered, I64)


def load_record(code: Code, view: View, struct: StructType, offset: ir.Value, kind: Any) -> ir.Value:
    """The fields of a struct that lies at an offset, after one check for all of them."""
    builder = code.builder
    if not isinstance(kind, Lit):
        offset = code.opaque(offset)
        limit = const(view.longest - struct.size)
        code.fault_if(builder.icmp_unsigned(">", offset, limit), FaultKind.SHORT_PACKET)
    position = builder.add(offset, const(STARTS[view.source]))
    pointer = builder.gep(data(code), [position])
    end = builder.gep(pointer, [const(struct.size)])
    present = builder.icmp_unsigned("<=", end, data_end(code))
    with code.choose(present, likely=True) as (linear, paged):
        with linear:
            near, near_block = records.read(code, struct, pointer), builder.block
        with paged:
            copied = _copied(code, position, code.bytes_slot("copy", struct.size), struct.size)
            far, far_block = records.read(code, struct, copied), builder.block
            keep_apart(builder)  # or both loads become one, of a pointer that is one or the other
    record = builder.phi(near.type)
    record.add_incoming(near, near_block)
    record.add_incoming(far, far_block)
    return record


def _copy_out(code: Code, position: ir.Value, bits: ir.IntType) -> ir.Value:
    return code.builder.load(_copied(code, position, code.slot("copy", bits), bits.width // 8))


def _copied(code: Code, position: ir.Value, slot: ir.Value, size: int) -> ir.Value:
    """The stack memory `slot`, into which the kernel copied `size` bytes; a copy that fails is a fault."""
    code.fault_if(code.builder.not_(copy(code, position, slot, const(size))), FaultKind.SHORT_PACKET)
    return slot


def copy(code: Code, position: ir.Value, to: ir.Value, size: ir.Value) -> ir.Value:
    """Whether there are `size` bytes at `position` from the transport header; then they are copied."""
    builder = code.builder
    arguments = [code.input, builder.trunc(position, I32), builder.bitcast(to, BYTE_POINTER), builder.trunc(size, I32)]
    return builder.icmp_signed("==", code.helper(_SKB_LOAD_BYTES, I64, arguments), const(0))


def field(code: Code, name: str, offset: int, kind: ir.Type) -> ir.Value:
    """A field of the context, loaded once: it never changes while the program runs."""

    def load(builder: ir.IRBuilder) -> ir.Value:
        pointer = builder.gep(code.input, [const(offset)])
        return builder.load(builder.bitcast(pointer, kind.as_pointer()), name=name)

    return code.on_entry(name, load)


def data(code: Code) -> ir.Value:
    return field(code, "data", _MD_DATA, BYTE_POINTER)


def data_end(code: Code) -> ir.Value:
    return field(code, "data_end", _MD_DATA_END, BYTE_POINTER)


def length(code: Code) -> ir.Value:
    """Bytes from the transport header on, also those behind the linear part."""
    return code.builder.zext(field(code, "len", _MD_LEN, I32), I64)


def length_again(code: Code) -> ir.Value:
    """The same in a register of its own, of which verifiers do not know that it is the same."""
    pointer = code.builder.gep(code.input, [const(_MD_LEN)])
    return code.builder.zext(code.load_volatile(pointer, I32), I64)


def part(_code: Code, packet: ir.Value) -> ir.Value:
    """A view is all that is known of it by its type, and a way to the packet."""
    return packet


def _port(offset: int) -> Attribute:
    def attribute(code: Code, _packet: ir.Value) -> ir.Value:
        return load(code, View("udp"), 2, True, const(offset), Lit(offset))

    return attribute


def flow_hash(code: Code, _packet: ir.Value) -> ir.Value:
    value = field(code, "hash", _MD_HASH, I32)
    # Hidden, or LLVM would read it with its sign where a policy casts it to a signed type: kernels refuse that.
    kind = ir.FunctionType(I32, [I32])
    hidden = code.on_entry("hash, hidden", lambda builder: builder.asm(kind, "", "=w,0", [value], side_effect=False))
    return code.builder.zext(hidden, I64)


ATTRIBUTES: Final[Mapping[str, Attribute]] = {
    "payload": part,
    "udp": part,
    "src_port": _port(0),
    "dst_port": _port(2),
    "flow_hash": flow_hash,
}
"""Attribute of a packet -> its lowering."""
