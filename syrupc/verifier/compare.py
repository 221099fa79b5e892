"""Comparisons: which way a branch must go, and what each way says of the two numbers."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, TypeAlias

from syrupc.isa import opcodes as op
from syrupc.kernel.reasoning import Reasoning
from syrupc.verifier import older, tnum
from syrupc.verifier.domains import (
    S32_MAX,
    S32_MIN,
    S64_MAX,
    S64_MIN,
    UNKNOWN,
    Scalar,
    settle,
)
from syrupc.verifier.tnum import M32, M64

_Pair: TypeAlias = tuple[Scalar | None, Scalar | None]

INVERSE: Final = {
    op.JEQ: op.JNE,
    op.JNE: op.JEQ,
    op.JGT: op.JLE,
    op.JLE: op.JGT,
    op.JGE: op.JLT,
    op.JLT: op.JGE,
    op.JSGT: op.JSLE,
    op.JSLE: op.JSGT,
    op.JSGE: op.JSLT,
    op.JSLT: op.JSGE,
}
"""The comparison that holds where the key's does not. `JSET` has none."""

SWAPPED: Final = {
    op.JEQ: op.JEQ,
    op.JNE: op.JNE,
    op.JGT: op.JLT,
    op.JLT: op.JGT,
    op.JGE: op.JLE,
    op.JLE: op.JGE,
    op.JSGT: op.JSLT,
    op.JSLT: op.JSGT,
    op.JSGE: op.JSLE,
    op.JSLE: op.JSGE,
    op.JSET: op.JSET,
}
"""The comparison that says the same with its operands exchanged."""


def decide(comparison: int, a: Scalar, b: Scalar, width: int, kernel: Reasoning) -> bool | None:
    """What `a comparison b` is on every pair of their words; None if it depends on the words."""
    taken = _decide(comparison, a, b, width, kernel)
    if taken is not None or not kernel.sees_dead_ways:
        return taken
    for way in (False, True):
        if None in _narrowed(comparison, way, a, b, width, kernel):
            return not way
    return None


def _decide(comparison: int, a: Scalar, b: Scalar, width: int, kernel: Reasoning) -> bool | None:
    if not kernel.compares_ranges:
        if not older.known(b, width) and older.known(a, width) and kernel.decides_constant_first:
            return older.decide(SWAPPED[comparison], b, a, width, kernel)
        return older.decide(comparison, a, b, width, kernel)
    amin, amax, asmin, asmax = _bounds(a, width)
    bmin, bmax, bsmin, bsmax = _bounds(b, width)
    match comparison:
        case op.JEQ | op.JNE:
            equal = _equal(a, b, width, kernel)
            return equal if equal is None or comparison == op.JEQ else not equal
        case op.JGT:
            return _order(amin > bmax, amax <= bmin)
        case op.JGE:
            return _order(amin >= bmax, amax < bmin)
        case op.JLT:
            return _order(amax < bmin, amin >= bmax)
        case op.JLE:
            return _order(amax <= bmin, amin > bmax)
        case op.JSGT:
            return _order(asmin > bsmax, asmax <= bsmin)
        case op.JSGE:
            return _order(asmin >= bsmax, asmax < bsmin)
        case op.JSLT:
            return _order(asmax < bsmin, asmin >= bsmax)
        case op.JSLE:
            return _order(asmax <= bsmin, asmin > bsmax)
        case op.JSET:
            return _common_bits(a, b, width)
    return None


def _order(always: bool, never: bool) -> bool | None:
    return True if always else False if never else None


def _bounds(a: Scalar, width: int) -> tuple[int, int, int, int]:
    return a[2:6] if width == 64 else a[6:10]


def _equal(a: Scalar, b: Scalar, width: int, kernel: Reasoning) -> bool | None:
    keep = M64 if width == 64 else M32
    if not (a.mask | b.mask) & keep:
        return a.value & keep == b.value & keep
    if kernel.tells_bits_apart and (a.value ^ b.value) & ~a.mask & ~b.mask & keep:
        return False
    apart = a.u32min > b.u32max or a.u32max < b.u32min or a.s32min > b.s32max or a.s32max < b.s32min
    if width == 64:
        apart = apart or a.umin > b.umax or a.umax < b.umin or a.smin > b.smax or a.smax < b.smin
    return False if apart else None


def _common_bits(a: Scalar, b: Scalar, width: int) -> bool | None:
    if a.mask and not b.mask:
        a, b = b, a
    if a.mask:
        return None
    keep = a.value & (M64 if width == 64 else M32)
    if b.value & keep:
        return True
    return None if b.mask & keep else False


def refine(comparison: int, taken: bool, a: Scalar, b: Scalar, width: int, kernel: Reasoning) -> tuple[Scalar, Scalar]:
    """The two numbers on the way that the branch goes.

    A way that cannot be gone at all may still be walked, as the kernel does: there nothing is known of the number.
    """
    left, right = _narrowed(comparison, taken, a, b, width, kernel)
    return left or UNKNOWN, right or UNKNOWN


@lru_cache(maxsize=1 << 14)
def _narrowed(comparison: int, taken: bool, a: Scalar, b: Scalar, width: int, kernel: Reasoning) -> _Pair:
    """The same, with None for a number of which nothing is left: that way cannot be gone."""
    if not kernel.compares_ranges:
        return _refine_older(comparison, taken, a, b, width)
    if comparison == op.JSET:
        return _refine_bits(taken, a, b, width)
    relation = comparison if taken else INVERSE[comparison]
    if relation == op.JEQ:
        return _refine_equal(a, b, width)
    if relation == op.JNE:
        return _exclude(a, b, width), _exclude(b, a, width)
    if relation in (op.JGT, op.JGE, op.JSGT, op.JSGE):
        low, high = _refine_order(SWAPPED[relation], b, a, width)
        return high, low
    return _refine_order(relation, a, b, width)


def _refine_older(comparison: int, taken: bool, a: Scalar, b: Scalar, width: int) -> tuple[Scalar, Scalar]:
    """A constant narrows the other number; two that are none narrow each other only by being equal."""
    if not older.known(b, width):
        if older.known(a, width):
            b, a = _refine_older(SWAPPED[comparison], taken, b, a, width)
        elif width == 64 and comparison in (op.JEQ, op.JNE) and taken == (comparison == op.JEQ):
            return older.narrow_both(a, b), older.narrow_both(b, a)
        return a, b
    if comparison == op.JSET:
        keep = b.value & (M64 if width == 64 else M32)
        return (older.narrow(op.JSET, a, b, width) if taken else older.without_bits(a, keep, width)), b
    return older.narrow(comparison if taken else INVERSE[comparison], a, b, width), b


def _refine_equal(a: Scalar, b: Scalar, width: int) -> _Pair:
    if width == 64:
        if (a.value ^ b.value) & ~a.mask & ~b.mask:
            return None, None
        both = (
            tnum.intersect(a.tnum, b.tnum),
            max(a.umin, b.umin),
            min(a.umax, b.umax),
            max(a.smin, b.smin),
            min(a.smax, b.smax),
        )
        # Each keeps its own 32-bit bounds: kernels do not exchange them here.
        return settle(*both, *a[6:]), settle(*both, *b[6:])
    return _with_low_half(a, b), _with_low_half(b, a)


def _with_low_half(a: Scalar, b: Scalar) -> Scalar | None:
    """`a` knowing that its low 32 bits are those of `b`."""
    if (a.value ^ b.value) & ~a.mask & ~b.mask & M32:
        return None
    low = tnum.intersect((a.value & M32, a.mask & M32), (b.value & M32, b.mask & M32))
    bits = a.value & ~M32 | low[0], a.mask & ~M32 | low[1]
    u32min, u32max = max(a.u32min, b.u32min), min(a.u32max, b.u32max)
    s32min, s32max = max(a.s32min, b.s32min), min(a.s32max, b.s32max)
    return settle(bits, a.umin, a.umax, a.smin, a.smax, u32min, u32max, s32min, s32max)


def _exclude(a: Scalar, b: Scalar, width: int) -> Scalar | None:
    """`a` knowing that it is not `b`: only the ends of bounds can tell."""
    if not a.mask or b.mask & (M64 if width == 64 else M32):
        return a
    umin, umax, smin, smax = _trimmed(a[2:6], b[2:6]) if width == 64 else a[2:6]
    low = _trimmed(a[6:10], b[6:10]) if width == 32 else a[6:10]
    return settle(a.tnum, umin, umax, smin, smax, *low)


def _trimmed(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    return (
        a[0] + (a[0] == b[0]),
        a[1] - (a[1] == b[0]),
        a[2] + (a[2] == b[2]),
        a[3] - (a[3] == b[2]),
    )


def _refine_order(relation: int, a: Scalar, b: Scalar, width: int) -> _Pair:
    """`a < b` or `a <= b`, unsigned or signed."""
    strict = relation in (op.JLT, op.JSLT)
    if relation in (op.JLT, op.JLE):
        if width == 64:
            umax, umin = min(a.umax, b.umax - strict), max(b.umin, a.umin + strict)
            return _limited(a, umax=umax), _limited(b, umin=umin)
        u32max, u32min = min(a.u32max, b.u32max - strict), max(b.u32min, a.u32min + strict)
        return _limited(a, u32max=u32max), _limited(b, u32min=u32min)
    if width == 64:
        smax, smin = min(a.smax, b.smax - strict), max(b.smin, a.smin + strict)
        return _limited(a, smax=smax), _limited(b, smin=smin)
    s32max, s32min = min(a.s32max, b.s32max - strict), max(b.s32min, a.s32min + strict)
    return _limited(a, s32max=s32max), _limited(b, s32min=s32min)


def _limited(
    a: Scalar,
    umin: int = 0,
    umax: int = M64,
    smin: int = S64_MIN,
    smax: int = S64_MAX,
    u32min: int = 0,
    u32max: int = M32,
    s32min: int = S32_MIN,
    s32max: int = S32_MAX,
) -> Scalar | None:
    return settle(
        a.tnum,
        max(a.umin, umin),
        min(a.umax, umax),
        max(a.smin, smin),
        min(a.smax, smax),
        max(a.u32min, u32min),
        min(a.u32max, u32max),
        max(a.s32min, s32min),
        min(a.s32max, s32max),
    )


def _refine_bits(taken: bool, a: Scalar, b: Scalar, width: int) -> _Pair:
    keep = M64 if width == 64 else M32
    if b.mask & keep:
        if a.mask & keep:
            return a, b
        right, left = _refine_bits(taken, b, a, width)
        return left, right
    tested = b.value & keep
    if taken and tested.bit_count() != 1:
        return a, b
    bits = (a.value | tested if taken else a.value & ~tested), a.mask & ~tested
    if (bits[0] ^ a.value) & ~a.mask:
        return a, b
    if taken:
        return settle(bits, *a[2:]), b
    # Kernels forget the bounds here, and take what the bits give.
    return settle(bits, *UNKNOWN[2:]), b
