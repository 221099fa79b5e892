"""Packets: reads that are checked against the end of the data, at every offset and on every kind of buffer.

The kernel hands a program the first, linear part of a buffer by pointer; the rest of a large datagram may lie in pages
behind it. A read past the pointer's end therefore asks the kernel to copy the bytes, and faults if that fails too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from llvmlite import ir

from syrupc.frontend.rules import MAX_PAYLOAD, READS
from syrupc.frontend.types import Lit
from syrupc.lower import records
from syrupc.lower.code import I32, I64, Code, Lowering, const
from syrupc.lower.module import BYTE_POINTER
from syrupc.spec import FaultKind

_SKB_LOAD_BYTES: Final = 26

# struct sk_reuseport_md (include/uapi/linux/bpf.h, since 4.19)
_MD_DATA: Final = 0
_MD_DATA_END: Final = 8
_MD_LEN: Final = 16
_MD_HASH: Final = 32


def _read(method: str) -> Lowering:
    size = READS[method].size
    swapped = method.startswith("be")

    def lowering(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
        start, kind = signature.recvr.start, signature.args[0]
        return _load(code, start, size, swapped, code.register(values[1], kind), kind)

    return lowering


def _load(code: Code, start: int, size: int, swapped: bool, offset: ir.Value, kind: Any) -> ir.Value:
    """`size` bytes at `start + offset` from the transport header, as a 64-bit register."""
    builder = code.builder
    if isinstance(kind, Lit):
        offset = const(kind.value)
    else:
        # Unsigned, so a negative offset is beyond every limit as well; the kernel wants the limit to add to a pointer.
        offset = code.opaque(offset)
        code.fault_if(builder.icmp_unsigned(">", offset, const(MAX_PAYLOAD - size)), FaultKind.SHORT_PACKET)
    position = builder.add(offset, const(start))
    pointer = builder.gep(_data(code), [position])
    end = builder.gep(pointer, [const(size)])
    present = builder.icmp_unsigned("<=", end, _data_end(code))
    bits = ir.IntType(size * 8)
    with code.choose(present, likely=True) as (linear, paged):
        with linear:
            near = builder.load(builder.bitcast(pointer, bits.as_pointer()))
            near_block = builder.block
        with paged:
            far = _copy_out(code, position, bits)
            far_block = builder.block
    value = builder.phi(bits)
    value.add_incoming(near, near_block)
    value.add_incoming(far, far_block)
    ordered = builder.bswap(value) if swapped and size > 1 else value
    return ordered if size == 8 else builder.zext(ordered, I64)


def _read_record(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    """The fields of a struct that lies at an offset, after one check for all of them."""
    view, struct, kind = signature.args[0], signature.args[1].spec, signature.args[2]
    builder = code.builder
    offset = code.register(values[2], kind)
    if not isinstance(kind, Lit):
        offset = code.opaque(offset)
        limit = const(view.longest - struct.size)
        code.fault_if(builder.icmp_unsigned(">", offset, limit), FaultKind.SHORT_PACKET)
    position = builder.add(offset, const(view.start))
    pointer = builder.gep(_data(code), [position])
    end = builder.gep(pointer, [const(struct.size)])
    present = builder.icmp_unsigned("<=", end, _data_end(code))
    with code.choose(present, likely=True) as (linear, paged):
        with linear:
            near, near_block = records.read(code, struct, pointer), builder.block
        with paged:
            copied = _copied(code, position, code.bytes_slot("copy", struct.size), struct.size)
            far, far_block = records.read(code, struct, copied), builder.block
    record = builder.phi(near.type)
    record.add_incoming(near, near_block)
    record.add_incoming(far, far_block)
    return record


def _copy_out(code: Code, position: ir.Value, bits: ir.IntType) -> ir.Value:
    return code.builder.load(_copied(code, position, code.slot("copy", bits), bits.width // 8))


def _copied(code: Code, position: ir.Value, slot: ir.Value, size: int) -> ir.Value:
    """The stack memory `slot`, into which the kernel copied `size` bytes; a copy that fails is a fault."""
    builder = code.builder
    arguments = [code.input, builder.trunc(position, I32), builder.bitcast(slot, BYTE_POINTER), I32(size)]
    failed = builder.icmp_signed("!=", code.helper(_SKB_LOAD_BYTES, I64, arguments), const(0))
    code.fault_if(failed, FaultKind.SHORT_PACKET)
    return slot


def _field(code: Code, name: str, offset: int, kind: ir.Type) -> ir.Value:
    """A field of the context, loaded once: it never changes while the program runs."""

    def load(builder: ir.IRBuilder) -> ir.Value:
        pointer = builder.gep(code.input, [const(offset)])
        return builder.load(builder.bitcast(pointer, kind.as_pointer()), name=name)

    return code.on_entry(name, load)


def _data(code: Code) -> ir.Value:
    return _field(code, "data", _MD_DATA, BYTE_POINTER)


def _data_end(code: Code) -> ir.Value:
    return _field(code, "data_end", _MD_DATA_END, BYTE_POINTER)


def _length(code: Code, signature: Any, _values: list[ir.Value]) -> ir.Value:
    total = code.builder.zext(_field(code, "len", _MD_LEN, I32), I64)
    return code.builder.sub(total, const(signature.args[0].start))


def payload(_code: Code, view: ir.Value) -> ir.Value:
    return view


def _port(offset: int) -> Any:
    def attribute(code: Code, _value: ir.Value) -> ir.Value:
        return _load(code, 0, 2, True, const(offset), Lit(offset))

    return attribute


def flow_hash(code: Code, _value: ir.Value) -> ir.Value:
    return code.builder.zext(_field(code, "hash", _MD_HASH, I32), I64)


ATTRIBUTES: Final[Mapping[str, Any]] = {
    "payload": payload,
    "src_port": _port(0),
    "dst_port": _port(2),
    "flow_hash": flow_hash,
}
"""Attribute of a packet -> its lowering."""

LOWERINGS: Final[Mapping[str, Lowering]] = {
    **{f"view.{method}": _read(method) for method in READS},
    "view.len": _length,
    "view.read": _read_record,
}
