"""The shortest way through what loops mostly do: arithmetic on numbers that are known exactly.

A shortcut checks and carries out its instruction at once, and does so only where that comes to what the obligations
and the effect come to; otherwise it leaves the state as it is and says so.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Final, TypeAlias

from syrupc.isa import opcodes as op
from syrupc.isa.insn import Insn
from syrupc.verifier.domains import Scalar, const, exact
from syrupc.verifier.regions import FAR
from syrupc.verifier.state import State, mark_precise
from syrupc.verifier.tnum import M32, M64
from syrupc.verifier.values import Number

Shortcut: TypeAlias = Callable[[State], bool]
"""Carries the instruction out, or says that it is no case for a shortcut."""

Way: TypeAlias = Callable[[State], bool | None]
"""Whether the jump is taken; None where this is no case for a shortcut."""
Relation: TypeAlias = Callable[[int, int], bool]

_RELATIONS: Final[dict[int, tuple[Relation, bool]]] = {
    op.JEQ: (operator.eq, False),
    op.JNE: (operator.ne, False),
    op.JGT: (operator.gt, False),
    op.JGE: (operator.ge, False),
    op.JLT: (operator.lt, False),
    op.JLE: (operator.le, False),
    op.JSGT: (operator.gt, True),
    op.JSGE: (operator.ge, True),
    op.JSLT: (operator.lt, True),
    op.JSLE: (operator.le, True),
}
"""What a comparison is, and whether it reads its operands as signed."""

_new: Final = tuple.__new__
_FOLLOWED: Final = frozenset({op.ADD, op.SUB, op.MUL, op.OR, op.AND, op.XOR, op.LSH, op.RSH, op.ARSH})
"""Operations whose result is known where both operands are."""


def shortcut_of(insn: Insn) -> Shortcut | None:
    """The shortcut through an instruction, None if it has none."""
    if insn.cls not in (op.ALU, op.ALU64) or insn.dst == op.FRAME_POINTER or insn.off:
        return None
    bits = 64 if insn.cls == op.ALU64 else 32
    if insn.operation == op.MOV and insn.from_register:
        return partial(_copy, insn.dst, insn.src) if bits == 64 else None
    if insn.operation not in _FOLLOWED:
        return None
    if insn.from_register:
        return partial(_combine, insn.operation, insn.dst, insn.src, bits)
    shifts = insn.operation in (op.LSH, op.RSH, op.ARSH)
    if not -FAR < insn.imm < FAR or (shifts and not 0 <= insn.imm < bits):
        return None
    return partial(_combine_constant, insn.operation, insn.dst, insn.imm & (M64 if bits == 64 else M32), bits)


def way_of(insn: Insn) -> Way | None:
    """How a conditional jump goes where both of its operands are known exactly."""
    if insn.operation not in _RELATIONS:
        return None
    relation, signed = _RELATIONS[insn.operation]
    bits = 64 if insn.cls == op.JMP else 32
    if insn.from_register:
        return partial(_compare, relation, insn.dst, insn.src, bits, signed)
    word = insn.imm & (M64 if bits == 64 else M32)
    return partial(_compare_constant, relation, insn.dst, word - (word >> bits - 1 << bits) * signed, bits, signed)


def _compare(relation: Relation, left: int, right: int, bits: int, signed: bool, state: State) -> bool | None:
    registers = state.frames[-1].registers
    a, b = registers[left], registers[right]
    if type(a) is not Number or type(b) is not Number or a.range.mask or b.range.mask:
        return None
    mark_precise(state.checkpoint, a.origin | b.origin, state.slot)
    return relation(_read(a.range, bits, signed), _read(b.range, bits, signed))


def _compare_constant(relation: Relation, left: int, right: int, bits: int, signed: bool, state: State) -> bool | None:
    a = state.frames[-1].registers[left]
    if type(a) is not Number or a.range.mask:
        return None
    mark_precise(state.checkpoint, a.origin, state.slot)
    return relation(_read(a.range, bits, signed), right)


def _read(word: Scalar, bits: int, signed: bool) -> int:
    if bits == 64:
        return word.smin if signed else word.umin
    return word.s32min if signed else word.u32min


def _copy(target: int, source: int, state: State) -> bool:
    registers = state.frames[-1].registers
    value = registers[source]
    if type(value) is not Number or value.range.mask:
        return False
    registers[target] = value
    return True


def _combine(operation: int, target: int, source: int, bits: int, state: State) -> bool:
    registers = state.frames[-1].registers
    left, right = registers[target], registers[source]
    if type(left) is not Number or type(right) is not Number or left.id:
        return False
    a, b = left.range, right.range
    # Shifts by the width and more leave nothing that is known; sums with far numbers are remembered.
    if a.mask or b.mask or not -FAR < b.smin < FAR or (b.value >= bits and operation in (op.LSH, op.RSH, op.ARSH)):
        return False
    x, y = (a.value, b.value) if bits == 64 else (a.value & M32, b.value & M32)
    registers[target] = _new(Number, (const(exact(operation, x, y, bits)), 0, left.origin | right.origin, 0, False))
    return True


def _combine_constant(operation: int, target: int, word: int, bits: int, state: State) -> bool:
    registers = state.frames[-1].registers
    left = registers[target]
    if type(left) is not Number or left.id or left.range.mask:
        return False
    x = left.range.value if bits == 64 else left.range.value & M32
    registers[target] = _new(Number, (const(exact(operation, x, word, bits)), 0, left.origin, 0, False))
    return True
