"""Text protocols: comparing the bytes of a view. Nothing here faults: bytes that are not there differ.

Bytes are compared where they lie if they are in the linear part of the packet, and in a copy on the stack if not: by
the widest loads that there are, and with one branch for all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any, Final

from llvmlite import ir
from numba.core import types

from syrupc.frontend.types import Lit, View
from syrupc.lower import network, packets, views
from syrupc.lower.code import I1, I64, Code, Lowering, const
from syrupc.lower.module import BYTE_POINTER

_BLOCK: Final = 64
"""So many bytes are compared in one go, which is what is copied to the stack."""


def _starts_with(code: Code, signature: Any, _values: list[ir.Value]) -> ir.Value:
    return _at_constant(code, signature.recvr, 0, signature.args[0].value)


def _matches(code: Code, view: View, offset: ir.Value, wanted: bytes) -> ir.Value:
    """Whether `wanted` stands at `offset`, which is known to be one where it can."""
    builder = code.builder
    same = code.variable(I1)
    builder.store(I1(0), same)
    with ExitStack() as inside:
        for at in range(0, len(wanted), _BLOCK):
            block = wanted[at : at + _BLOCK]
            there, pointer = _reach(code, view, builder.add(offset, const(at)), len(block))
            inside.enter_context(builder.if_then(there))
            inside.enter_context(builder.if_then(_equal(builder, pointer, block)))
        builder.store(I1(1), same)
    return builder.load(same)


def _reach(code: Code, view: View, offset: ir.Value, size: int) -> tuple[ir.Value, ir.Value]:
    """Whether there are `size` bytes at `offset`, and a pointer to them, or to a copy."""
    builder = code.builder
    there, place = code.variable(I1), code.variable(BYTE_POINTER)
    buffer = code.bytes_slot("bytes", _BLOCK)

    def copy() -> None:
        builder.store(views.copy(code, view, offset, buffer, const(size)), there)
        builder.store(buffer, place)

    if view.source not in packets.STARTS:
        copy()
        return builder.load(there), builder.load(place)
    pointer = builder.gep(packets.data(code), [builder.add(offset, const(packets.STARTS[view.source]))])
    end = builder.gep(pointer, [const(size)])
    with code.choose(builder.icmp_unsigned("<=", end, packets.data_end(code)), likely=True) as (linear, paged):
        with linear:
            builder.store(I1(1), there)
            builder.store(pointer, place)
        with paged:
            copy()
    return builder.load(there), builder.load(place)


def _equal(builder: ir.IRBuilder, pointer: ir.Value, wanted: bytes, start: int = 0) -> ir.Value:
    """Whether these bytes are `start` behind a pointer: by the widest loads, and with one branch in the end."""
    difference: ir.Value = const(0)
    for at, width in _chunks(start, start + len(wanted)):
        kind = ir.IntType(8 * width)
        value = builder.load(builder.bitcast(builder.gep(pointer, [const(at)]), kind.as_pointer()))
        expected = kind(int.from_bytes(wanted[at - start : at - start + width], "little"))
        difference = builder.or_(difference, builder.zext(builder.xor(value, expected), I64))
    return builder.icmp_unsigned("==", difference, const(0))


def _chunks(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Offset and width of the loads, each aligned to itself, as it must be on the stack."""
    at = start
    while at < end:
        width = next(w for w in (8, 4, 2, 1) if at % w == 0 and at + w <= end)
        yield at, width
        at += width


def _equals(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    """`view[a:b] == b"..."`: as many bytes as Python's slice has there, and the same."""
    view, start, stop, constant = signature.args
    wanted = constant.value
    if len(wanted) > view.longest:
        return I1(0)
    if isinstance(start, Lit) and isinstance(stop, Lit) and 0 <= start.value == stop.value - len(wanted):
        return _at_constant(code, view, start.value, wanted)
    length = views.length(code, view)
    low = _low(code, start, values[1], length)
    high = length if stop == types.none else _least(code, _low(code, stop, values[2], length), length)
    if not wanted:
        return code.builder.icmp_unsigned("<=", high, low)
    fits = code.builder.icmp_unsigned("==", code.builder.add(low, const(len(wanted))), high)
    return _if(code, fits, lambda: _at(code, view, start, low, wanted))


def _low(code: Code, bound: types.Type, value: ir.Value, length: ir.Value) -> ir.Value:
    """A bound of a slice, counted from the start; perhaps behind the end of the view."""
    if isinstance(bound, Lit) and bound.value < 0:
        enough = code.builder.icmp_unsigned(">=", length, const(-bound.value))
        return code.select(enough, code.builder.add(length, const(bound.value)), const(0))
    return code.register(value, bound)


def _least(code: Code, left: ir.Value, right: ir.Value) -> ir.Value:
    return code.select(code.builder.icmp_unsigned("<", left, right), left, right)


def _at(code: Code, view: View, start: types.Type, low: ir.Value, wanted: bytes) -> ir.Value:
    """Whether `wanted` stands at `low`, where the view has as many bytes, if `low` did not wrap."""
    if isinstance(start, Lit) and start.value >= 0:
        return _at_constant(code, view, start.value, wanted)
    # What is checked here is what is added to a pointer: from the end of the slice LLVM could have made another value.
    offset = code.opaque(low)
    within = code.builder.icmp_unsigned("<=", offset, const(view.longest - len(wanted)))
    return _if(code, within, lambda: _matches(code, view, offset, wanted))


def _at_constant(code: Code, view: View, start: int, wanted: bytes) -> ir.Value:
    """Whether `wanted` stands at `start`. A copy beyond the end of the packet fails, one beyond a header does not."""
    end = start + len(wanted)
    if not wanted or end > view.longest:
        return I1(not wanted)
    if view.source not in packets.STARTS and view.header and end <= view.header.size:
        return _equal(code.builder, network.whole(code, view), wanted, start)
    if view.header is None or end <= view.header.size:
        return _matches(code, view, const(start), wanted)
    long_enough = code.builder.icmp_unsigned(">=", views.length(code, view), const(end))
    return _if(code, long_enough, lambda: _matches(code, view, const(start), wanted))


def _if(code: Code, condition: ir.Value, test: Callable[[], ir.Value]) -> ir.Value:
    """Both, the second only if the first holds."""
    both = code.variable(I1)
    code.builder.store(I1(0), both)
    with code.builder.if_then(condition):
        code.builder.store(test(), both)
    return code.builder.load(both)


LOWERINGS: Final[Mapping[str, Lowering]] = {
    "view.startswith": _starts_with,
    "view.equals": _equals,
}
