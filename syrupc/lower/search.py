"""Searching a byte in a view: eight bytes at a time, where they lie if that can be, and else in a copy on the stack.

A verifier goes all ways through a program. It must not go through what follows once for each place that a byte can be
at, so what tells those places apart is kept from it: the offset that was found goes through memory, and what is learned
of the packet's length stays with a pointer that nothing else uses. Nothing here faults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from llvmlite import ir
from numba.core import types

from syrupc.frontend.types import Bytes, View
from syrupc.lower import packets, views
from syrupc.lower.code import I64, Code, Lowering, const
from syrupc.lower.module import BYTE_POINTER

_I16: Final = ir.IntType(16)
_WORD: Final = 8
_BLOCK: Final = 64
"""So many bytes are copied in one go."""

_ONES: Final = 0x0101_0101_0101_0101
_HIGHS: Final = 0x8080_8080_8080_8080
_NOWHERE: Final = 0xFFFF
"""An offset behind the end of every view."""


def _find(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    """The offset of the first such byte, or -1."""
    builder, view = code.builder, signature.recvr
    limit = min(signature.args[1].value, view.longest)
    most = _least(code, views.length(code, view), limit)
    done = builder.append_basic_block("find.done")
    found = _memory(code)
    code.store_volatile(_I16(_NOWHERE), found)
    search = _Search(code, view, limit, most, _pattern(code, signature.args[0], values[1]), found, done)
    if limit > _BLOCK:
        search.blocks()
    else:
        with builder.if_then(builder.icmp_unsigned("!=", most, const(0))):
            _Block(search, const(0)).look()
    builder.branch(done)
    builder.position_at_end(done)
    offset = builder.zext(code.load_volatile(found, _I16), I64)
    return code.select(builder.icmp_unsigned("<", offset, most), offset, const(-1))


def _least(code: Code, value: ir.Value, limit: int) -> ir.Value:
    """The lesser of two numbers below 2**63, in one way through: what is below zero is taken from the limit."""
    builder = code.builder
    difference = builder.sub(value, const(limit))
    below = code.opaque(builder.ashr(difference, const(63)))
    return code.opaque(builder.add(builder.and_(difference, below), const(limit)))


def _memory(code: Code) -> ir.Value:
    """Where an offset is put to be forgotten: verifiers keep what is stored at the start of a slot of eight bytes."""
    slot = code.builder.bitcast(code.slot("found", I64), BYTE_POINTER)
    return code.builder.gep(slot, [const(2)])


def _pattern(code: Code, kind: types.Type, value: ir.Value) -> ir.Value:
    """The byte in each of eight bytes."""
    if isinstance(kind, Bytes):
        return const(kind.value[0] * _ONES)
    return code.builder.mul(code.register(value, kind), const(_ONES))


@dataclass(frozen=True)
class _Search:
    """A search among the first `most` bytes of a view, which are no more than `limit`.

    It puts the offset of the first hit into `found`, and goes to `done` then.
    """

    code: Code
    view: View
    limit: int
    most: ir.Value
    pattern: ir.Value
    found: ir.Value
    done: ir.Block

    def blocks(self) -> None:
        """Look at one block after the other."""
        builder = self.code.builder
        position = self.code.variable(I64)
        builder.store(const(0), position)
        more, look, left = (builder.append_basic_block(f"find.{name}") for name in ("more", "block", "left"))
        builder.branch(more)
        builder.position_at_end(more)
        at = builder.load(position)
        # The second bound never decides; by it verifiers see that the loop ends.
        within = builder.icmp_unsigned("<", at, const(self.limit))
        builder.cbranch(builder.and_(builder.icmp_unsigned("<", at, self.most), within), look, left)
        builder.position_at_end(look)
        _Block(self, self.code.opaque(at)).look()  # or LLVM counts in other ways, beyond what verifiers follow
        builder.store(builder.add(at, const(_BLOCK)), position)
        builder.branch(more)
        builder.position_at_end(left)


class _Block:
    """One block of a search, `at` bytes from the start of the view, which has at least one byte there."""

    def __init__(self, search: _Search, at: ir.Value) -> None:
        self.search, self.at = search, at
        self.code, self.builder = search.code, search.code.builder
        self.words = -(-min(search.limit, _BLOCK) // _WORD)
        # The word that is looked at, counted in bytes from the start of the block, and what was seen in it.
        self.word, self.marks = self.code.variable(I64), self.code.variable(I64)
        self.hit, self.short, self.copied, self.miss = (
            self.builder.append_basic_block(f"find.{name}") for name in ("hit", "short", "copied", "miss")
        )

    def look(self) -> None:
        """Go on behind this only if the byte is not in the block."""
        builder = self.builder
        near = self.search.view.source in packets.STARTS
        if near:
            self.look_near()
        builder.branch(self.miss if near else self.copied)
        builder.position_at_end(self.short)
        self.look_at_the_end()
        builder.position_at_end(self.copied)
        self.look_at_a_copy()
        builder.branch(self.miss)
        builder.position_at_end(self.hit)
        offset = builder.add(builder.add(self.at, builder.load(self.word)), _lowest(builder, builder.load(self.marks)))
        self.code.store_volatile(builder.trunc(offset, _I16), self.search.found)
        builder.branch(self.search.done)
        builder.position_at_end(self.miss)

    def look_near(self) -> None:
        """Look at the words that are whole, and in the linear part."""
        builder = self.builder
        pointer = self.pointer(self.at)
        for word in range(self.words):
            builder.store(const(word * _WORD), self.word)
            end = builder.gep(pointer, [const((word + 1) * _WORD)])
            there = builder.append_basic_block("find.word")
            builder.cbranch(builder.icmp_unsigned("<=", end, packets.data_end(self.code)), there, self.short)
            builder.position_at_end(there)
            self.test(_load(builder, pointer, word * _WORD))

    def look_at_the_end(self) -> None:
        """Look at the last bytes, fewer than a word, in the word that ends with them: it begins in the UDP header or
        behind it. What is not linear is copied. Where nothing is left, the last word is looked at again."""
        if self.search.view.source != "payload":
            self.builder.branch(self.copied)
            return
        builder, most = self.builder, self.search.most
        start = builder.add(self.at, builder.load(self.word))
        there = builder.append_basic_block("find.end")
        # The mask says nothing new, but of the register that is added to the pointer.
        end = builder.and_(self.code.opaque(most), const((1 << self.search.limit.bit_length()) - 1))
        pointer = self.pointer(builder.sub(end, const(_WORD)))
        linear = builder.icmp_unsigned("<=", builder.gep(pointer, [const(_WORD)]), packets.data_end(self.code))
        builder.cbranch(linear, there, self.copied)
        builder.position_at_end(there)
        before = builder.sub(builder.add(start, const(_WORD)), most)
        shift = builder.and_(builder.shl(before, const(3)), const(63))
        self.test(builder.lshr(_load(builder, pointer, 0), shift))
        builder.branch(self.miss)

    def look_at_a_copy(self) -> None:
        """Look at the block as a copy. What may stay empty of that is cleared before, as verifiers want to see."""
        builder, room = self.builder, max(_WORD, 1 << (min(self.search.limit, _BLOCK) - 1).bit_length())
        buffer = self.code.bytes_slot("bytes", _BLOCK)
        for at in range(0, room, _WORD):
            builder.store(I64(0), builder.bitcast(builder.gep(buffer, [const(at)]), I64.as_pointer()))
        copied = views.copy(self.code, self.search.view, self.at, buffer, self.size(room))
        there = builder.append_basic_block("find.copy")
        builder.cbranch(copied, there, self.miss)
        builder.position_at_end(there)
        for word in range(self.words):
            builder.store(const(word * _WORD), self.word)
            self.test(_load(builder, buffer, word * _WORD))

    def size(self, room: int) -> ir.Value:
        """The bytes of the block, in words that verifiers understand, and with one way for all: from 1 to `room`."""
        builder = self.builder
        above_one = builder.sub(builder.sub(self.search.most, self.at), const(1))
        masked = builder.and_(_least(self.code, above_one, room - 1), const(room - 1))
        return builder.add(masked, const(1))

    def pointer(self, offset: ir.Value) -> ir.Value:
        """A pointer to an offset of the view that verifiers take for one of its own: by a bit which is always zero, as
        no packet is that long."""
        builder = self.builder
        nothing = builder.lshr(packets.length_again(self.code), const(31))
        start = builder.add(offset, const(packets.STARTS[self.search.view.source]))
        return builder.gep(packets.data(self.code), [builder.add(start, nothing)])

    def test(self, word: ir.Value) -> None:
        """Go on behind this only if the byte is not in the word.

        Where it is, the difference to the pattern is zero; a zero byte borrows from its highest bit, and perhaps from
        the next byte: the lowest mark is right.
        """
        builder = self.builder
        value = builder.xor(word, self.search.pattern)
        borrowed = builder.and_(builder.sub(value, const(_ONES)), builder.not_(value))
        marks = builder.and_(borrowed, const(_HIGHS))
        builder.store(marks, self.marks)
        onward = builder.append_basic_block("find.onward")
        builder.cbranch(builder.icmp_unsigned("!=", marks, const(0)), self.hit, onward)
        builder.position_at_end(onward)


def _load(builder: ir.IRBuilder, pointer: ir.Value, at: int) -> ir.Value:
    return builder.load(builder.bitcast(builder.gep(pointer, [const(at)]), I64.as_pointer()))


def _lowest(builder: ir.IRBuilder, marks: ir.Value) -> ir.Value:
    """The index of the byte with the lowest mark: one below the number of bytes up to it."""
    below = builder.sub(builder.and_(marks, builder.neg(marks)), const(1))
    count = builder.lshr(builder.mul(builder.and_(below, const(_ONES)), const(_ONES)), const(56))
    return builder.sub(count, const(1))


LOWERINGS: Final[Mapping[str, Lowering]] = {"view.find": _find}
