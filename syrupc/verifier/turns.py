"""Loops that will use up the walk's budget, seen long before they have.

A loop that counts goes round the same way each time, until the branch that ends it flips. Two turns show by how much
each number changes; from there on it can be told how many turns the loop still has, without walking them. Where that is
more than the kernel is willing to walk, the verdict is known. Anything that is not a plain count is simply walked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from syrupc.isa import opcodes as op
from syrupc.isa.insn import Insn
from syrupc.kernel.helpers import HELPERS
from syrupc.kernel.reasoning import Reasoning
from syrupc.verifier.compare import decide
from syrupc.verifier.domains import Scalar
from syrupc.verifier.state import State
from syrupc.verifier.tnum import M32, M64
from syrupc.verifier.values import Number, Pointer, Value

_FIRST_LOOK: Final = 2048
_MAX_TURN: Final = 1024
_APART: Final = 1 << 33
"""A range so wide says nothing of the bits that turns change, and its ends nothing of its low half."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A branch of one turn that compared two numbers, and how it went; None where both ways were open."""

    slot: int
    operation: int
    left: Value
    right: Value
    bits: int
    taken: bool | None


@dataclass(slots=True, eq=False)
class _Mark:
    """The walk when it came to `place`: what was live, how much was walked and how much waited.

    The same function called from elsewhere is another place.
    """

    place: tuple[int, ...]
    values: tuple[Value, ...]
    stack: tuple[bytes, ...]
    processed: int
    pending: int


@dataclass(slots=True, eq=False)
class LoopWatch:
    """Looks at two turns of a loop from time to time. `comparisons` are those since the last mark."""

    kernel: Reasoning
    next_look: int = _FIRST_LOOK
    marks: list[_Mark] = field(default_factory=list)
    turns: list[list[Comparison]] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    computes_addresses: bool = False

    @property
    def looking(self) -> bool:
        return bool(self.marks)

    def notice(self, state: State, insn: Insn) -> None:
        """An address or a size that is computed may be wrong in a later turn: then that is what is to be said."""
        if insn.cls == op.ALU64 and insn.from_register and insn.operation in (op.ADD, op.SUB):
            operands = (state.registers[insn.dst], state.registers[insn.src])
            self.computes_addresses |= any(type(value) is Pointer for value in operands)
        elif insn.opcode == op.JMP | op.CALL:
            helper = HELPERS.get(insn.imm)
            self.computes_addresses |= helper is None or any(arg.is_size for arg in helper.args)

    def stop(self, processed: int) -> None:
        """Nothing to be seen here: look again when twice as much is walked."""
        self.marks, self.turns, self.comparisons, self.computes_addresses = [], [], [], False
        self.next_look = 2 * processed

    def turns_left(self, state: State, live: int, processed: int, pending: int) -> Turns | None:
        """Called where paths meet. What is known of a loop's future once two turns have been seen, else None."""
        place = (state.slot, *(frame.call for frame in state.frames))
        if self.marks and place != self.marks[0].place:
            if processed - self.marks[-1].processed > _MAX_TURN:
                self.stop(processed)
            return None
        if self.marks:
            self.turns.append(self.comparisons)
            self.comparisons = []
        self.marks.append(_Mark(place, *_live(state, live), processed, pending))
        if len(self.marks) < 3:
            return None
        found = None if self.computes_addresses else _extrapolate(self.marks, self.turns, self.kernel)
        self.stop(processed)
        return found


@dataclass(frozen=True, slots=True)
class Turns:
    """A loop's turns to come: at least `count`, each of `processed` instructions and `pending` new open branches.

    `moving` are the ranges that shift from turn to turn, before and after the last one.
    """

    comparisons: tuple[tuple[Comparison, Comparison], ...]
    moving: tuple[tuple[Scalar, Scalar], ...]
    processed: int
    pending: int
    kernel: Reasoning

    def lasts(self, count: int) -> bool:
        """Whether every comparison goes the same way for `count` more turns."""
        return all(_keeps_shape(before, now, count) for before, now in self.moving) and all(
            _stays(first, second, count, self.kernel) for first, second in self.comparisons
        )


def _live(state: State, live: int) -> tuple[tuple[Value, ...], tuple[bytes, ...]]:
    """The values that may still be read, in registers and on the stack, and what the stack's bytes are."""
    values: list[Value] = []
    stack: list[bytes] = []
    for depth, frame in enumerate(state.frames):
        wanted = live if depth == state.depth else (1 << len(frame.registers)) - 1
        values.extend(value for register, value in enumerate(frame.registers) if wanted >> register & 1)
        slots = [slot for _, slot in sorted(frame.stack.items())]
        values.extend(slot.value for slot in slots)
        stack.extend(slot.bytes for slot in slots)
    return tuple(values), tuple(stack)


def _extrapolate(marks: list[_Mark], turns: list[list[Comparison]], kernel: Reasoning) -> Turns | None:
    """The future of a loop whose two turns went the same way and changed numbers by the same amounts."""
    first, second, third = marks
    length, pending = third.processed - second.processed, third.pending - second.pending
    if length != second.processed - first.processed or pending != second.pending - first.pending:
        return None
    if not (first.stack == second.stack == third.stack) or len(turns[0]) != len(turns[1]):
        return None
    if not len(first.values) == len(second.values) == len(third.values):
        return None
    if not all(map(_regular, first.values, second.values, third.values)):
        return None
    pairs = tuple(zip(*turns, strict=True))
    if not all((a.slot, a.operation, a.bits, a.taken) == (b.slot, b.operation, b.bits, b.taken) for a, b in pairs):
        return None
    moving = tuple(
        (b.range, c.range)
        for b, c in zip(second.values, third.values, strict=True)
        if type(b) is Number and type(c) is Number and c.range.mask and b.range != c.range
    )
    return Turns(pairs, moving, length, pending, kernel)


def _regular(a: Value, b: Value, c: Value) -> bool:
    """The value stays, or is a constant, or a range, that changes by the same amount each turn."""
    if type(a) is Number and type(b) is Number and type(c) is Number:
        if a.range.mask or b.range.mask or c.range.mask:
            return a.range == b.range == c.range or (
                a.range[:2] == b.range[:2] == c.range[:2] and _shift(a.range, b.range) == _shift(b.range, c.range)
            )
        return (b.range.value - a.range.value - c.range.value + b.range.value) & M64 == 0
    if type(a) is Pointer and type(b) is Pointer and type(c) is Pointer:
        return a._replace(id=0) == b._replace(id=0) == c._replace(id=0)
    return a is None and b is None and c is None


def _shift(before: Scalar, now: Scalar) -> tuple[int, ...]:
    """By how much each bound has moved."""
    return tuple(b - a for a, b in zip(before[2:], now[2:], strict=True))


def _later(before: Scalar, now: Scalar, count: int) -> Scalar:
    """The range `count` turns after `now`, as far as bounds go on moving as they did."""
    bounds = [b + count * by for b, by in zip(now[2:], _shift(before, now), strict=True)]
    return Scalar(now.value, now.mask, *bounds)


def _keeps_shape(before: Scalar, now: Scalar, count: int) -> bool:
    """Whether the bounds still say nothing of each other, and nothing of the bits, after so many turns."""
    later = _later(before, now, count)
    apart = later.umax - later.umin >= _APART and now.umax - now.umin >= _APART
    halves = later[6:] == now[6:] and later.umin >= 0 and later.umax <= M64
    signs = (later.umin >> 63, later.umax >> 63, later.smin < 0, later.smax < 0)
    return apart and halves and signs == (now.umin >> 63, now.umax >> 63, now.smin < 0, now.smax < 0)


def _undecided(first: Comparison, second: Comparison, count: int, kernel: Reasoning) -> bool:
    """Both ways stay open. What decides is linear in bounds that move evenly: the last turn speaks for all."""
    left, right = _reach(first.left, second.left, count), _reach(first.right, second.right, count)
    if left is None or right is None:
        return False
    return decide(second.operation, left, right, second.bits, kernel) is None


def _reach(first: Value, second: Value, count: int) -> Scalar | None:
    if type(first) is not Number or type(second) is not Number:
        return None
    if first.range == second.range:
        return second.range
    moves = first.range.mask and first.range[:2] == second.range[:2] and _keeps_shape(first.range, second.range, count)
    return _later(first.range, second.range, count) if moves else None


def _stays(first: Comparison, second: Comparison, count: int, kernel: Reasoning) -> bool:
    """The comparison goes the same way in each of the `count` turns after `second`; False where that is not plain."""
    if not (type(first.left) is type(second.left) is Number and type(first.right) is type(second.right) is Number):
        return _alike(first.left, second.left) and _alike(first.right, second.right)
    if _alike(first.left, second.left) and _alike(first.right, second.right):
        return True
    if second.taken is None:
        return _undecided(first, second, count, kernel)
    left, right = _line(first.left, second.left, second, count), _line(first.right, second.right, second, count)
    if left is None or right is None:
        return False
    near, far = left[0] - right[0], left[1] - right[1]
    match second.operation:
        case op.JEQ | op.JNE:
            return near * far > 0
        case op.JLT | op.JGE | op.JSLT | op.JSGE:
            return (near < 0) == (far < 0)
        case op.JGT | op.JLE | op.JSGT | op.JSLE:
            return (near > 0) == (far > 0)
    return False


def _alike(a: Value, b: Value) -> bool:
    if type(a) is Number and type(b) is Number:
        return a.range == b.range
    if type(a) is Pointer and type(b) is Pointer:
        return a._replace(id=0) == b._replace(id=0)
    return a == b


def _line(first: Value, second: Value, comparison: Comparison, count: int) -> tuple[int, int] | None:
    """The number now and `count` turns later, as the comparison reads it; None if it wraps on the way."""
    if type(first) is not Number or type(second) is not Number or first.range.mask or second.range.mask:
        return None
    signed = comparison.operation in (op.JSLT, op.JSLE, op.JSGT, op.JSGE)
    bits, keep = comparison.bits, M64 if comparison.bits == 64 else M32
    before, now = first.range.value & keep, second.range.value & keep
    change = now - before
    if change & keep > keep >> 1:
        change = (change & keep) - keep - 1
    else:
        change &= keep
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, keep)
    if signed and now > high:
        now -= keep + 1
    later = now + change * count
    return (now, later) if low <= later <= high else None
