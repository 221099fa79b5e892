"""Comparisons as kernels before 6.8 understand them: with a constant only, and bounds of one width at a time."""

from __future__ import annotations

from typing import Final

from syrupc.isa import opcodes as op
from syrupc.kernel.reasoning import Reasoning
from syrupc.verifier import tnum
from syrupc.verifier.domains import (
    S32_MAX,
    S32_MIN,
    S64_MAX,
    S64_MIN,
    UNKNOWN,
    Scalar,
    const,
    settle_apart,
    widen_low,
)
from syrupc.verifier.tnum import M32, M64

_FREE64: Final = (0, M64, S64_MIN, S64_MAX)


def decide(comparison: int, a: Scalar, b: Scalar, width: int, kernel: Reasoning) -> bool | None:
    """What `a comparison b` is on every pair of their words; None if that is not known to such a kernel."""
    if not known(b, width):
        return None
    value = b.value if width == 64 else b.value & M32
    if comparison in (op.JEQ, op.JNE):
        equal = _equal(a, value, width, kernel)
        return equal if equal is None or comparison == op.JEQ else not equal
    if comparison == op.JSET:
        bits = (a.value, a.mask) if width == 64 else (a.value & M32, a.mask & M32)
        return True if bits[0] & value else None if bits[1] & value else False
    low, high, limit = _ordered(comparison, a, value, width)
    match comparison:
        case op.JGT | op.JSGT:
            return True if low > limit else False if high <= limit else None
        case op.JGE | op.JSGE:
            return True if low >= limit else False if high < limit else None
        case op.JLT | op.JSLT:
            return True if high < limit else False if low >= limit else None
        case _:
            return True if high <= limit else False if low > limit else None


def known(a: Scalar, width: int) -> bool:
    """Whether the number is a constant, as far as the comparison looks."""
    return not a.mask & (M64 if width == 64 else M32)


def _equal(a: Scalar, value: int, width: int, kernel: Reasoning) -> bool | None:
    if known(a, width):
        return (a.value if width == 64 else a.value & M32) == value
    if not kernel.tells_unequal:
        return None
    low, high = (a.umin, a.umax) if width == 64 else (a.u32min, a.u32max)
    return None if low <= value <= high else False


def _ordered(comparison: int, a: Scalar, value: int, width: int) -> tuple[int, int, int]:
    """The bounds of `a` and the limit, read as the comparison reads them."""
    if comparison in (op.JGT, op.JGE, op.JLT, op.JLE):
        return (a.umin, a.umax, value) if width == 64 else (a.u32min, a.u32max, value)
    limit = value - (1 << width) if value >> (width - 1) else value
    return (a.smin, a.smax, limit) if width == 64 else (a.s32min, a.s32max, limit)


def narrow(relation: int, a: Scalar, b: Scalar, width: int) -> Scalar:
    """`a` knowing that `a relation b` holds, `b` being a constant; `JSET` is for bits that are set."""
    value = b.value if width == 64 else b.value & M32
    if relation == op.JNE:
        return a if width == 64 else _after32(a.tnum, a[6:10])
    if relation == op.JEQ:
        return _equal_to(a, value, width)
    if relation == op.JSET:
        if value.bit_count() != 1:
            return a
        return _with_bits(a, (a.value | value, a.mask & ~value), width)
    umin, umax, smin, smax = a[2:6] if width == 64 else a[6:10]
    signed = value - (1 << width) if value >> (width - 1) else value
    match relation:
        case op.JGT:
            umin = max(umin, value + 1)
        case op.JGE:
            umin = max(umin, value)
        case op.JLT:
            umax = min(umax, value - 1)
        case op.JLE:
            umax = min(umax, value)
        case op.JSGT:
            smin = max(smin, signed + 1)
        case op.JSGE:
            smin = max(smin, signed)
        case op.JSLT:
            smax = min(smax, signed - 1)
        case op.JSLE:
            smax = min(smax, signed)
    bounds = (umin, umax, smin, smax)
    return _after64(a.tnum, bounds) if width == 64 else _after32(a.tnum, bounds)


def without_bits(a: Scalar, value: int, width: int) -> Scalar:
    """`a` knowing that none of these bits is set."""
    return _with_bits(a, (a.value & ~value, a.mask & ~value), width)


def narrow_both(a: Scalar, b: Scalar) -> Scalar:
    """`a` knowing that it equals `b`, which is no constant either; 64 bits wide."""
    if (a.value ^ b.value) & ~a.mask & ~b.mask:
        return UNKNOWN
    bounds = (max(a.umin, b.umin), min(a.umax, b.umax), max(a.smin, b.smin), min(a.smax, b.smax))
    return _after64(tnum.intersect(a.tnum, b.tnum), bounds)


def _equal_to(a: Scalar, value: int, width: int) -> Scalar:
    if width == 64:
        return const(value)  # also where that is impossible: kernels walk on with the constant
    found = const(value)
    return _after32((a.value & ~M32 | value, a.mask & ~M32), found[6:10])


def _with_bits(a: Scalar, bits: tnum.Tnum, width: int) -> Scalar:
    if (bits[0] ^ a.value) & ~a.mask:
        return a
    return _after64(bits, a[2:6]) if width == 64 else _after32(bits, a[6:10])


def _after64(bits: tnum.Tnum, bounds: tuple[int, int, int, int]) -> Scalar:
    """After a comparison of 64 bits the 32-bit bounds are taken anew from the 64-bit ones."""
    umin, umax, smin, smax = bounds
    s32min, s32max = (smin, smax) if smin >= S32_MIN and smax <= S32_MAX else (S32_MIN, S32_MAX)
    u32min, u32max = (umin, umax) if umax <= M32 else (0, M32)
    return settle_apart(bits, *bounds, u32min, u32max, s32min, s32max) or UNKNOWN


def _after32(bits: tnum.Tnum, bounds: tuple[int, int, int, int]) -> Scalar:
    """After a comparison of 32 bits the 64-bit bounds hold only if the high half is known to be zero."""
    wide = widen_low(bounds) if not (bits[0] | bits[1]) >> 32 else _FREE64
    return settle_apart(bits, *wide, *bounds) or UNKNOWN
