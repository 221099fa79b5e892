"""What each arithmetic and comparison operation computes, as functions from unsigned registers to unsigned registers.

64-bit functions take and give 64-bit values, 32-bit functions take and give 32-bit values; whoever applies them cuts
the operands. Division by zero gives 0, the remainder by zero gives the dividend, and the one signed quotient that does
not fit wraps (RFC 9669, section 4.1).

Every function does arithmetic with each operand it reads, also where the result does not need it: an operand that holds
nothing (`None`, see `syrupc.isa.machine.state`) is then a `TypeError`, never a silent value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from syrupc.isa import opcodes as op
from syrupc.isa.insn import Insn

Binary = Callable[[int, int], int]
Unary = Callable[[int], int]
Test = Callable[[int, int], bool]

M32: Final = (1 << 32) - 1
M64: Final = (1 << 64) - 1
_S32: Final = 1 << 31
_S64: Final = 1 << 63


def _signed(value: int, sign: int) -> int:
    return (value ^ sign) - sign


def _quotient(a: int, b: int) -> int:
    """Truncates towards zero, as C does and Python's `//` does not."""
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def _signed_division(mask: int, sign: int) -> Binary:
    def divide(a: int, b: int) -> int:
        return _quotient(_signed(a, sign), _signed(b, sign)) & mask if b else (a + b) & 0

    return divide


def _signed_remainder(mask: int, sign: int) -> Binary:
    def remainder(a: int, b: int) -> int:
        if not b:
            return a + b
        x, y = _signed(a, sign), _signed(b, sign)
        return (x - y * _quotient(x, y)) & mask

    return remainder


def _operations(mask: int, sign: int) -> dict[int, Binary]:
    last = mask.bit_length() - 1
    return {
        op.ADD: lambda a, b: (a + b) & mask,
        op.SUB: lambda a, b: (a - b) & mask,
        op.MUL: lambda a, b: (a * b) & mask,
        op.DIV: lambda a, b: a // b if b else (a + b) & 0,
        op.OR: lambda a, b: a | b,
        op.AND: lambda a, b: a & b,
        op.LSH: lambda a, b: (a << (b & last)) & mask,
        op.RSH: lambda a, b: a >> (b & last),
        op.MOD: lambda a, b: a % b if b else a + b,
        op.XOR: lambda a, b: a ^ b,
        op.MOV: lambda _a, b: b + 0,
        op.ARSH: lambda a, b: (_signed(a, sign) >> (b & last)) & mask,
    }


ALU64: Final = _operations(M64, _S64)
ALU32: Final = _operations(M32, _S32)
SIGNED64: Final = {op.DIV: _signed_division(M64, _S64), op.MOD: _signed_remainder(M64, _S64)}
SIGNED32: Final = {op.DIV: _signed_division(M32, _S32), op.MOD: _signed_remainder(M32, _S32)}


def binary(insn: Insn) -> Binary:
    """The function of an arithmetic instruction with two operands (neither `NEG` nor `END`)."""
    wide = insn.cls == op.ALU64
    if insn.operation == op.MOV and insn.off:
        return _sign_extension(insn.off, M64 if wide else M32)
    if insn.off == op.SIGNED:
        return (SIGNED64 if wide else SIGNED32)[insn.operation]
    return (ALU64 if wide else ALU32)[insn.operation]


def _sign_extension(bits: int, mask: int) -> Binary:
    low, sign = (1 << bits) - 1, 1 << (bits - 1)
    return lambda _a, b: _signed(b & low, sign) & mask


def unary(insn: Insn) -> Unary:
    """The function of a `NEG` or `END` instruction, from the full register to the full register."""
    if insn.operation == op.NEG:
        mask = M64 if insn.cls == op.ALU64 else M32
        return lambda a: -a & mask
    size = insn.imm // 8
    low = (1 << insn.imm) - 1
    if insn.opcode == op.ALU | op.END | op.TO_LE:
        return lambda a: a & low
    return lambda a: int.from_bytes((a & low).to_bytes(size, "little"), "big")


def _tests(sign: int) -> dict[int, Test]:
    return {
        op.JEQ: lambda a, b: not a - b,
        op.JNE: lambda a, b: bool(a - b),
        op.JGT: lambda a, b: a > b,
        op.JGE: lambda a, b: a >= b,
        op.JLT: lambda a, b: a < b,
        op.JLE: lambda a, b: a <= b,
        op.JSET: lambda a, b: bool(a & b),
        # Flipping the sign bit maps signed order onto unsigned order.
        op.JSGT: lambda a, b: a ^ sign > b ^ sign,
        op.JSGE: lambda a, b: a ^ sign >= b ^ sign,
        op.JSLT: lambda a, b: a ^ sign < b ^ sign,
        op.JSLE: lambda a, b: a ^ sign <= b ^ sign,
    }


TESTS64: Final = _tests(_S64)
TESTS32: Final = _tests(_S32)


def test(insn: Insn) -> Test:
    """The comparison of a conditional jump."""
    return (TESTS64 if insn.cls == op.JMP else TESTS32)[insn.operation]


def atomic(operation: int) -> Binary:
    """What a read-modify-write atomic stores, from the old value in memory and the register (not `CMPXCHG`)."""
    return _ATOMIC[operation & ~op.FETCH]


_ATOMIC: Final[dict[int, Binary]] = {
    op.ADD: lambda a, b: a + b,
    op.OR: lambda a, b: a | b,
    op.AND: lambda a, b: a & b,
    op.XOR: lambda a, b: a ^ b,
    op.XCHG & ~op.FETCH: lambda _a, b: b,
}
