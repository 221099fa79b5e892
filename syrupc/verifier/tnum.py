"""Tristate numbers: what is known of each bit of a 64-bit word.

A tristate number is a pair (`value`, `mask`): the bits set in `mask` are unknown, the others are as in `value`, which
is zero where `mask` is set. It stands for every word `w` with `w & ~mask == value`.
"""

from __future__ import annotations

from typing import Final, TypeAlias

Tnum: TypeAlias = tuple[int, int]

M64: Final = (1 << 64) - 1
M32: Final = (1 << 32) - 1
UNKNOWN: Final[Tnum] = (0, M64)


def contains(outer: Tnum, inner: Tnum) -> bool:
    """Whether every word of `inner` is one of `outer`."""
    return not inner[1] & ~outer[1] and inner[0] & ~outer[1] == outer[0]


def from_range(low: int, high: int) -> Tnum:
    """The common high bits of an interval are known, the rest is not."""
    mask = (1 << (low ^ high).bit_length()) - 1
    return low & ~mask, mask


def intersect(a: Tnum, b: Tnum) -> Tnum:
    """What both say; only meaningful if some word satisfies both."""
    mask = a[1] & b[1]
    return (a[0] | b[0]) & ~mask, mask


def least(a: Tnum, low: int) -> int:
    """The least word of `a` that is not below `low`; 2**64 where there is none."""
    value, mask = a
    if low & ~mask == value:
        return low
    # Above the highest bit in which `low` contradicts `a`, the word follows `low` as far as `a` permits.
    top = (low & ~mask ^ value).bit_length()
    high = low >> top << top | value & (1 << top) - 1
    if value >> (top - 1) & 1:
        return high
    free = mask & ~low & ~((1 << top) - 1) & M64
    if not free:
        return 1 << 64
    step = free & -free
    return low & ~((step << 1) - 1) & M64 | step | value & (step - 1)


def add(a: Tnum, b: Tnum) -> Tnum:
    # Unknown bits are where the smallest and the largest sum differ in operand or carry.
    low = a[0] + b[0]
    high = low + a[1] + b[1]
    mask = (high ^ low | a[1] | b[1]) & M64
    return low & ~mask & M64, mask


def sub(a: Tnum, b: Tnum) -> Tnum:
    difference = a[0] - b[0]
    mask = ((difference + a[1]) ^ (difference - b[1]) | a[1] | b[1]) & M64
    return difference & ~mask & M64, mask


def bit_and(a: Tnum, b: Tnum) -> Tnum:
    value = a[0] & b[0]
    return value, (a[0] | a[1]) & (b[0] | b[1]) & ~value


def bit_or(a: Tnum, b: Tnum) -> Tnum:
    value = a[0] | b[0]
    return value, (a[1] | b[1]) & ~value


def bit_xor(a: Tnum, b: Tnum) -> Tnum:
    mask = a[1] | b[1]
    return (a[0] ^ b[0]) & ~mask, mask


def mul(a: Tnum, b: Tnum) -> Tnum:
    """Long multiplication: the known part exactly, and for each bit of `a` what it may add of the unknown."""
    product = a[0] * b[0] & M64
    unknown: Tnum = (0, 0)
    value, mask = a
    b_value, b_mask = b
    while value | mask:
        if value & 1:
            unknown = add(unknown, (0, b_mask))
        elif mask & 1:
            unknown = add(unknown, (0, (b_value | b_mask) & M64))
        value, mask = value >> 1, mask >> 1
        b_value, b_mask = b_value << 1 & M64, b_mask << 1 & M64
    return add((product, 0), unknown)


def shift_left(a: Tnum, by: int) -> Tnum:
    return a[0] << by & M64, a[1] << by & M64


def shift_right(a: Tnum, by: int) -> Tnum:
    return a[0] >> by, a[1] >> by


def shift_right_signed(a: Tnum, by: int, bits: int) -> Tnum:
    """The sign bit, known or not, moves in from the left."""
    top, keep = 1 << (bits - 1), (1 << bits) - 1
    value = ((a[0] ^ top) - top) >> by & keep
    mask = ((a[1] ^ top) - top) >> by & keep
    return value & ~mask, mask


def truncate(a: Tnum, bits: int) -> Tnum:
    keep = (1 << bits) - 1
    return a[0] & keep, a[1] & keep
