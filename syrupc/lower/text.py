"""Text protocols: comparing and searching the bytes of a view. Nothing here faults: bytes that are not there differ.

Bytes are looked at where they lie if they are in the linear part of the packet, and in a copy on the stack if not. Then
as many as a register holds are looked at together, without a branch for each: the walk of a verifier, which goes all
ways, stays as short as the program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final

from llvmlite import ir
from numba.core import types

from syrupc.frontend.types import Bytes, Lit, View
from syrupc.lower import packets, views
from syrupc.lower.code import I1, I64, Code, Lowering, const
from syrupc.lower.module import BYTE_POINTER

_BLOCK: Final = 64
"""So many bytes are looked at in one go: 64 answers fit a register, and 64 bytes the stack."""
_WORD: Final = 8


# -- reaching bytes ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Reached:
    """Whether the bytes are there, and a pointer to them."""

    there: ir.Value
    pointer: ir.Value


def _reach(code: Code, view: View, offset: ir.Value, size: ir.Value, whole: int | None, clear: int = 0) -> _Reached:
    """`size` bytes at `offset` of a view.

    They are left where they lie if `whole` bytes, not fewer, are in the linear part there. Else they are copied; of
    what may stay empty of the copy, `clear` bytes are cleared before, as verifiers want to see.
    """
    builder = code.builder
    words = code.slot("bytes", ir.ArrayType(I64, _BLOCK // _WORD))
    copied = builder.bitcast(words, BYTE_POINTER)
    there, place = code.variable(I1), code.variable(BYTE_POINTER)

    def copy() -> None:
        for at in range(0, clear, _WORD):
            builder.store(I64(0), builder.bitcast(builder.gep(copied, [const(at)]), I64.as_pointer()))
        builder.store(views.copy(code, view, offset, copied, size), there)
        builder.store(copied, place)

    if whole is None or view.source not in packets.STARTS:
        copy()
        return _Reached(builder.load(there), builder.load(place))
    pointer = builder.gep(packets.data(code), [builder.add(offset, const(packets.STARTS[view.source]))])
    end = builder.gep(pointer, [const(whole)])
    with code.choose(builder.icmp_unsigned("<=", end, packets.data_end(code)), likely=True) as (linear, paged):
        with linear:
            builder.store(I1(1), there)
            builder.store(pointer, place)
        with paged:
            copy()
    return _Reached(builder.load(there), builder.load(place))


def _load(builder: ir.IRBuilder, pointer: ir.Value, at: int, width: int) -> ir.Value:
    kind = ir.IntType(8 * width)
    return builder.load(builder.bitcast(builder.gep(pointer, [const(at)]), kind.as_pointer()))


# -- comparing ---------------------------------------------------------------------------------------------------------


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
            found = _reach(code, view, builder.add(offset, const(at)), const(len(block)), len(block))
            inside.enter_context(builder.if_then(found.there))
            inside.enter_context(builder.if_then(_equal(builder, found.pointer, block)))
        builder.store(I1(1), same)
    return builder.load(same)


def _equal(builder: ir.IRBuilder, pointer: ir.Value, wanted: bytes) -> ir.Value:
    """Whether these bytes are at the pointer: by the widest loads, and with one branch in the end."""
    difference: ir.Value = const(0)
    for at, width in _chunks(len(wanted)):
        value = _load(builder, pointer, at, width)
        expected = value.type(int.from_bytes(wanted[at : at + width], "little"))
        difference = builder.or_(difference, builder.zext(builder.xor(value, expected), I64))
    return builder.icmp_unsigned("==", difference, const(0))


def _chunks(size: int) -> Iterator[tuple[int, int]]:
    """Offset and width of the loads, each aligned to itself, as it must be on the stack."""
    at = 0
    for width in (8, 4, 2, 1):
        while size - at >= width:
            yield at, width
            at += width


def _equals(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    """`view[a:b] == b"..."`: as many bytes as Python's slice has there, and the same."""
    view, start, stop, constant = signature.args
    wanted = constant.value
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
    if end > view.longest:
        return I1(0)
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


# -- searching ---------------------------------------------------------------------------------------------------------

_ONES: Final = 0x0101_0101_0101_0101
_HIGHS: Final = 0x8080_8080_8080_8080
_GATHER: Final = 0x0102_0408_1020_4080
"""Multiplied with this, the lowest bits of eight bytes come to stand side by side in the highest byte."""


def _find(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    """The offset of the first such byte, or -1."""
    builder, view = code.builder, signature.recvr
    limit = signature.args[1].value
    most = code.opaque(_least(code, views.length(code, view), const(limit)))
    done = builder.append_basic_block("find.done")
    search = _Search(code, view, most, _pattern(code, signature.args[0], values[1]), code.variable(I64), done)
    builder.store(const(-1), search.found)
    at = search.blocks(limit) if limit > _BLOCK else const(0)
    with builder.if_then(builder.icmp_unsigned("<", at, most)):
        search.rest(at, min(limit, _BLOCK), once=limit <= _BLOCK)
    builder.branch(done)
    builder.position_at_end(done)
    return builder.load(search.found)


def _pattern(code: Code, kind: types.Type, value: ir.Value) -> ir.Value:
    """The byte in each of eight bytes."""
    if isinstance(kind, Bytes):
        return const(kind.value[0] * _ONES)
    return code.builder.mul(code.register(value, kind), const(_ONES))


@dataclass(frozen=True)
class _Search:
    """A search among the first `most` bytes of a view: it puts the offset of a hit into `found` and goes to `done`."""

    code: Code
    view: View
    most: ir.Value
    pattern: ir.Value
    found: ir.Value
    done: ir.Block

    def blocks(self, limit: int) -> ir.Value:
        """Go over all whole blocks; gives where the rest begins.

        All are copied: with two ways through each turn, verifiers would go as many ways as powers of two.
        """
        builder, position = self.code.builder, self.code.variable(I64)
        builder.store(const(0), position)
        more, look, rest = (builder.append_basic_block(f"find.{name}") for name in ("more", "look", "rest"))
        builder.branch(more)
        builder.position_at_end(more)
        at = builder.load(position)
        end = builder.add(at, const(_BLOCK))
        # The second bound never decides; by it verifiers see that the loop ends.
        within = builder.icmp_unsigned("<=", end, const(limit))
        builder.cbranch(builder.and_(builder.icmp_unsigned("<=", end, self.most), within), look, rest)
        builder.position_at_end(look)
        self.look(at, _reach(self.code, self.view, at, const(_BLOCK), None), _BLOCK // _WORD, const(_BLOCK))
        builder.store(end, position)
        builder.branch(more)
        builder.position_at_end(rest)
        return at

    def rest(self, at: ir.Value, limit: int, once: bool) -> None:
        """Look at what is left, which is not nothing, and at most `limit` bytes."""
        code, builder = self.code, self.code.builder
        room = max(_WORD, 1 << (limit - 1).bit_length())
        # The mask says nothing new, but in words that verifiers understand: a size from 1 to `room`.
        above_one = builder.and_(code.opaque(builder.sub(builder.sub(self.most, at), const(1))), const(room - 1))
        size = builder.add(above_one, const(1))
        words = -(-limit // _WORD)
        reached = _reach(code, self.view, at, size, words * _WORD if once else None, clear=room)
        self.look(at, reached, words, size)

    def look(self, at: ir.Value, reached: _Reached, words: int, size: ir.Value) -> None:
        """Look at `size` bytes in so many words; go on only if the byte is not among them."""
        builder = self.code.builder
        with builder.if_then(builder.not_(reached.there), likely=False):
            builder.branch(self.done)
        first = _lowest(self.code, _hits(builder, reached.pointer, words, self.pattern))
        with builder.if_then(builder.icmp_unsigned("<", first, size)):
            builder.store(builder.add(at, first), self.found)
            builder.branch(self.done)


def _hits(builder: ir.IRBuilder, pointer: ir.Value, words: int, pattern: ir.Value) -> ir.Value:
    """A bit for each byte that is the wanted one. Above the lowest that is set others may be set as well."""
    hits: ir.Value = const(0)
    for word in range(words):
        # Where the byte is, this is zero; a zero byte borrows from its highest bit, and perhaps from the next byte.
        value = builder.xor(_load(builder, pointer, word * _WORD, _WORD), pattern)
        borrowed = builder.and_(builder.sub(value, const(_ONES)), builder.not_(value))
        marks = builder.lshr(builder.and_(borrowed, const(_HIGHS)), const(7))
        side_by_side = builder.lshr(builder.mul(marks, const(_GATHER)), const(56))
        hits = builder.or_(hits, builder.shl(side_by_side, const(word * _WORD)))
    return hits


def _lowest(code: Code, bits: ir.Value) -> ir.Value:
    """The index of the lowest bit that is set; 64 if none is."""
    builder = code.builder
    lowest = code.opaque(builder.and_(bits, builder.neg(bits)))  # what LLVM makes of the whole looks up a table
    return builder.ctpop(builder.sub(lowest, const(1)))


LOWERINGS: Final[Mapping[str, Lowering]] = {
    "view.startswith": _starts_with,
    "view.find": _find,
    "view.equals": _equals,
}
