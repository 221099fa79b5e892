"""What is known of a number in a register: its bits, and its bounds read as unsigned and signed, 64 and 32 bits wide.

Nothing here is more precise than the kernel that `Reasoning` describes: a proof that only a newer kernel can follow is
no proof that the program loads. In particular division and remainder leave nothing of a range, and no relation between
two numbers is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from syrupc.isa import opcodes as op
from syrupc.kernel.reasoning import Reasoning
from syrupc.verifier import tnum
from syrupc.verifier.tnum import M32, M64, Tnum

S64_MIN: Final = -(1 << 63)
S64_MAX: Final = (1 << 63) - 1
S32_MIN: Final = -(1 << 31)
S32_MAX: Final = (1 << 31) - 1


class Scalar(NamedTuple):
    """A set of 64-bit words: those that satisfy the tristate number (`value`, `mask`) and all eight bounds.

    A named tuple and no dataclass: the walk makes hundreds of thousands of them.
    """

    value: int
    mask: int
    umin: int
    umax: int
    smin: int
    smax: int
    u32min: int
    u32max: int
    s32min: int
    s32max: int

    @property
    def tnum(self) -> Tnum:
        return self.value, self.mask

    @property
    def known(self) -> bool:
        return not self.mask

    def contains(self, word: int) -> bool:
        """Whether the unsigned 64-bit `word` is in the set."""
        signed, low = _signed64(word), word & M32
        return (
            word & ~self.mask == self.value
            and self.umin <= word <= self.umax
            and self.smin <= signed <= self.smax
            and self.u32min <= low <= self.u32max
            and self.s32min <= _signed32(low) <= self.s32max
        )

    def covers(self, other: Scalar) -> bool:
        """Whether every fact known here is known of `other` too."""
        return self == other or (
            self.umin <= other.umin
            and self.umax >= other.umax
            and self.smin <= other.smin
            and self.smax >= other.smax
            and self.u32min <= other.u32min
            and self.u32max >= other.u32max
            and self.s32min <= other.s32min
            and self.s32max >= other.s32max
            and tnum.contains((self.value, self.mask), (other.value, other.mask))
        )


UNKNOWN: Final = Scalar(0, M64, 0, M64, S64_MIN, S64_MAX, 0, M32, S32_MIN, S32_MAX)


def _signed64(word: int) -> int:
    return word - (1 << 64) if word >> 63 else word


def _signed32(word: int) -> int:
    return word - (1 << 32) if word >> 31 else word


def const(number: int) -> Scalar:
    """The one word that `number` (signed or unsigned) is modulo 2**64."""
    word = number & M64
    low = word & M32
    signed, signed_low = _signed64(word), _signed32(low)
    return Scalar(word, 0, word, word, signed, signed, low, low, signed_low, signed_low)


def unsigned(bits: int) -> Scalar:
    """Any number that `bits` bits can hold: what a load of that width gives."""
    return _UNSIGNED[bits]


def within(low: int, high: int) -> Scalar:
    """Any word between two signed numbers."""
    bits = tnum.from_range(low, high) if low >= 0 else tnum.UNKNOWN
    return settle(bits, 0, M64, low, high, 0, M32, S32_MIN, S32_MAX) or UNKNOWN


def settle(
    bits: Tnum,
    umin: int,
    umax: int,
    smin: int,
    smax: int,
    u32min: int,
    u32max: int,
    s32min: int,
    s32max: int,
    mixes: bool = True,
) -> Scalar | None:
    """The bits and bounds after each has told the others what it knows; None if together they say nothing can be."""
    value, mask = bits
    if not mask:
        found = const(value)
        fits = umin <= value <= umax and smin <= found.smin <= smax
        fits = fits and u32min <= found.u32min <= u32max and s32min <= found.s32min <= s32max
        return found if fits else None
    before = None
    for _ in range(3):
        # -- from the bits
        umin, umax = max(umin, value), min(umax, value | mask)
        top = mask >> 63
        smin = max(smin, _signed64(value | top << 63))
        smax = min(smax, _signed64((value | mask) & ~(top << 63)))
        low, low_mask = value & M32, mask & M32
        u32min, u32max = max(u32min, low), min(u32max, low | low_mask)
        top = low_mask >> 31
        s32min = max(s32min, _signed32(low | top << 31))
        s32max = min(s32max, _signed32((low | low_mask) & ~(top << 31)))
        # -- between signed and unsigned
        umin, umax, smin, smax = _signs(umin, umax, smin, smax, 1 << 64)
        u32min, u32max, s32min, s32max = _signs(u32min, u32max, s32min, s32max, 1 << 32)
        # -- between 32 and 64 bits
        if umin >> 32 == umax >> 32 and (mixes or not umin >> 32):
            u32min, u32max = max(u32min, umin & M32), min(u32max, umax & M32)
        if mixes or (s32min >= 0 and not umin >> 32 and umax >> 32 == 0):
            umin = max(umin, umin & ~M32 | u32min)
            umax = min(umax, umax & ~M32 | u32max)
        if smin >= S32_MIN and smax <= S32_MAX:
            s32min, s32max = max(s32min, smin), min(s32max, smax)
            if mixes:
                smin, smax = max(smin, s32min), min(smax, s32max)
        # -- to the bits
        if umin > umax or smin > smax or u32min > u32max or s32min > s32max:
            return None
        value, mask = _narrowed((value, mask), umin, umax, u32min, u32max)
        after = (value, mask, umin, umax, smin, smax, u32min, u32max, s32min, s32max)
        if after == before:
            break
        before = after
    if value & mask:
        return None
    return Scalar(value, mask, umin, umax, smin, smax, u32min, u32max, s32min, s32max)


def _signs(umin: int, umax: int, smin: int, smax: int, modulus: int) -> tuple[int, int, int, int]:
    """Bounds of the same word read as unsigned and as signed, each narrowed by the other where neither wraps."""
    half = modulus >> 1
    if umax < half or umin >= half:
        wrap = modulus if umin >= half else 0
        smin, smax = max(smin, umin - wrap), min(smax, umax - wrap)
    if smin >= 0 or smax < 0:
        wrap = modulus if smax < 0 else 0
        umin, umax = max(umin, smin + wrap), min(umax, smax + wrap)
    return umin, umax, smin, smax


def _narrowed(bits: Tnum, umin: int, umax: int, u32min: int, u32max: int) -> Tnum:
    value, mask = tnum.intersect(bits, tnum.from_range(umin, umax))
    low = tnum.intersect((value & M32, mask & M32), tnum.from_range(u32min, u32max))
    return value & ~M32 | low[0], mask & ~M32 | low[1]


_UNSIGNED: Final = {
    bits: settle((0, (1 << bits) - 1), 0, M64, S64_MIN, S64_MAX, 0, M32, S32_MIN, S32_MAX) or UNKNOWN
    for bits in (8, 16, 32, 64)
}
_UNBOUNDED64: Final = (0, M64, S64_MIN, S64_MAX)
_UNBOUNDED32: Final = (0, M32, S32_MIN, S32_MAX)


def low_half(a: Scalar) -> Scalar:
    """The low 32 bits, the high ones cleared: what every 32-bit operation leaves."""
    if a.umax <= M32:
        return a
    if not a.mask:
        return const(a.value & M32)
    bits = a.value & M32, a.mask & M32
    return settle(bits, a.u32min, a.u32max, S64_MIN, S64_MAX, a.u32min, a.u32max, a.s32min, a.s32max) or _UNSIGNED[32]


def cut(a: Scalar, size: int) -> Scalar:
    """The low `size` bytes as an unsigned number: what reading a narrower field of the value gives."""
    if size == 4:
        return low_half(a)
    if size == 8:
        return a
    limit = (1 << 8 * size) - 1
    if a.umax <= limit:
        return a
    bits = a.value & limit, a.mask & limit
    return settle(bits, *_UNBOUNDED64, *_UNBOUNDED32) or _UNSIGNED[8 * size]


def extend_sign(a: Scalar, bits: int, width: int) -> Scalar:
    """The low `bits` as a signed number, in a register of `width` bits."""
    top = 1 << (bits - 1)
    found = settle(tnum.extend_sign(a.tnum, bits), 0, M64, -top, top - 1, *_UNBOUNDED32) or UNKNOWN
    return found if width == 64 else low_half(found)


def byte_swap(a: Scalar, bits: int, swap: bool) -> Scalar:
    """The low `bits` in the given order of bytes, the rest cleared."""
    if a.known:
        data = (a.value & ((1 << bits) - 1)).to_bytes(bits // 8, "little")
        return const(int.from_bytes(data, "big" if swap else "little"))
    return UNKNOWN


# -- arithmetic --------------------------------------------------------------------------------------------------------


def arithmetic(operation: int, a: Scalar, b: Scalar, width: int, kernel: Reasoning) -> Scalar:
    """`a operation b` on registers of `width` bits; `operation` is one of `opcodes.ADD` to `opcodes.ARSH`."""
    if width == 32:
        a, b = low_half(a), low_half(b)
    if not a.mask and not b.mask:
        exact = _exact(operation, a.value, b.value, width)
        if exact is not None:
            return const(exact)
    step = _STEPS.get(operation)
    if step is None:
        return unsigned(width)
    found = step(a, b, width, kernel)
    if found is None:
        return unsigned(width)
    return low_half(found) if width == 32 else found


def _exact(operation: int, a: int, b: int, width: int) -> int | None:
    keep = M64 if width == 64 else M32
    match operation:
        case op.ADD:
            return a + b & keep
        case op.SUB:
            return a - b & keep
        case op.MUL:
            return a * b & keep
        case op.OR:
            return a | b
        case op.AND:
            return a & b
        case op.XOR:
            return a ^ b
        case op.LSH if b < width:
            return a << b & keep
        case op.RSH if b < width:
            return a >> b
        case op.ARSH if b < width:
            return ((_signed64(a) if width == 64 else _signed32(a)) >> b) & keep
    return None


Bounds = tuple[int, int]


def _sum(a: Scalar, b: Scalar, _width: int, kernel: Reasoning) -> Scalar | None:
    wrapped = kernel.adds_wrapped
    return settle(
        tnum.add(a.tnum, b.tnum),
        *_wrapping(a.umin + b.umin, a.umax + b.umax, 0, M64, wrapped),
        *_wrapping(a.smin + b.smin, a.smax + b.smax, S64_MIN, S64_MAX, wrapped),
        *_wrapping(a.u32min + b.u32min, a.u32max + b.u32max, 0, M32, wrapped),
        *_wrapping(a.s32min + b.s32min, a.s32max + b.s32max, S32_MIN, S32_MAX, wrapped),
        kernel.mixes_widths,
    )


def _difference(a: Scalar, b: Scalar, _width: int, kernel: Reasoning) -> Scalar | None:
    wrapped = kernel.adds_wrapped
    return settle(
        tnum.sub(a.tnum, b.tnum),
        *_wrapping(a.umin - b.umax, a.umax - b.umin, 0, M64, wrapped),
        *_wrapping(a.smin - b.smax, a.smax - b.smin, S64_MIN, S64_MAX, wrapped),
        *_wrapping(a.u32min - b.u32max, a.u32max - b.u32min, 0, M32, wrapped),
        *_wrapping(a.s32min - b.s32max, a.s32max - b.s32min, S32_MIN, S32_MAX, wrapped),
        kernel.mixes_widths,
    )


def _wrapping(low: int, high: int, least: int, most: int, wrapped: bool) -> Bounds:
    """Bounds of a sum: kept if no sum leaves the range, or if all leave it on the same side."""
    if least <= low and high <= most:
        return low, high
    modulus = most - least + 1
    if wrapped and low > most and high <= most + modulus:
        return low - modulus, high - modulus
    if wrapped and high < least and low >= least - modulus:
        return low + modulus, high + modulus
    return least, most


def _product(a: Scalar, b: Scalar, _width: int, kernel: Reasoning) -> Scalar | None:
    if b.mask and not kernel.combines_unknown_bits:
        return None
    return settle(
        tnum.mul(a.tnum, b.tnum),
        *_product_bounds(a.umin, a.umax, a.smin, a.smax, b.umin, b.umax, b.smin, b.smax, M64, kernel),
        *_product_bounds(a.u32min, a.u32max, a.s32min, a.s32max, b.u32min, b.u32max, b.s32min, b.s32max, M32, kernel),
        kernel.mixes_widths,
    )


def _product_bounds(
    aumin: int,
    aumax: int,
    asmin: int,
    asmax: int,
    bumin: int,
    bumax: int,
    bsmin: int,
    bsmax: int,
    most: int,
    kernel: Reasoning,
) -> tuple[int, int, int, int]:
    top = most >> 1
    free = (0, most, -top - 1, top)
    if not kernel.multiplies_signed:
        # Older kernels multiply only what is not negative and fits half the register.
        half = (1 << most.bit_length() // 2) - 1
        if asmin < 0 or bsmin < 0 or aumax > half or bumax > half:
            return free
    umin, umax = aumin * bumin, aumax * bumax
    products = (asmin * bsmin, asmin * bsmax, asmax * bsmin, asmax * bsmax)
    smin, smax = min(products), max(products)
    if umax > most:
        umin, umax = 0, most
    if smin < -top - 1 or smax > top:
        smin, smax = -top - 1, top
    return umin, umax, smin, smax


def _and(a: Scalar, b: Scalar, _width: int, kernel: Reasoning) -> Scalar | None:
    bits = tnum.bit_and(a.tnum, b.tnum)
    u32max = min(a.u32max, b.u32max)
    return settle(bits, 0, min(a.umax, b.umax), S64_MIN, S64_MAX, 0, u32max, S32_MIN, S32_MAX, kernel.mixes_widths)


def _or(a: Scalar, b: Scalar, _width: int, kernel: Reasoning) -> Scalar | None:
    if b.mask and not kernel.combines_unknown_bits:
        return None
    bits = tnum.bit_or(a.tnum, b.tnum)
    umin, u32min = max(a.umin, b.umin), max(a.u32min, b.u32min)
    return settle(bits, umin, M64, S64_MIN, S64_MAX, u32min, M32, S32_MIN, S32_MAX, kernel.mixes_widths)


def _xor(a: Scalar, b: Scalar, _width: int, kernel: Reasoning) -> Scalar | None:
    if b.mask and not kernel.combines_unknown_bits:
        return None
    return settle(tnum.bit_xor(a.tnum, b.tnum), *_UNBOUNDED64, *_UNBOUNDED32, kernel.mixes_widths)


def _shift_left(a: Scalar, b: Scalar, width: int, kernel: Reasoning) -> Scalar | None:
    by = b.value
    if b.mask or by >= width:
        return None
    bits = tnum.shift_left(a.tnum, by)
    umin, umax = (a.umin << by, a.umax << by) if a.umax << by <= M64 else (0, M64)
    smin, smax = S64_MIN, S64_MAX
    if by == 32 and (kernel.mixes_widths or a.s32min >= 0):
        # A 32-bit number on its way to being sign-extended.
        smin, smax = a.s32min << 32, a.s32max << 32
    u32min, u32max = (a.u32min << by, a.u32max << by) if width == 32 and a.u32max << by <= M32 else (0, M32)
    return settle(bits, umin, umax, smin, smax, u32min, u32max, S32_MIN, S32_MAX, kernel.mixes_widths)


def _shift_right(a: Scalar, b: Scalar, width: int, kernel: Reasoning) -> Scalar | None:
    by = b.value
    if b.mask or by >= width:
        return None
    bits = tnum.shift_right(a.tnum, by)
    return settle(bits, a.umin >> by, a.umax >> by, S64_MIN, S64_MAX, *_UNBOUNDED32, kernel.mixes_widths)


def _shift_right_signed(a: Scalar, b: Scalar, width: int, kernel: Reasoning) -> Scalar | None:
    by = b.value
    if b.mask or by >= width:
        return None
    if width == 64:
        bits = tnum.shift_right_signed(a.tnum, by, 64)
        return settle(bits, 0, M64, a.smin >> by, a.smax >> by, *_UNBOUNDED32, kernel.mixes_widths)
    bits = tnum.shift_right_signed(tnum.truncate(a.tnum, 32), by, 32)
    return settle(bits, 0, M32, S64_MIN, S64_MAX, 0, M32, a.s32min >> by, a.s32max >> by, kernel.mixes_widths)


_STEPS: Final[dict[int, Callable[[Scalar, Scalar, int, Reasoning], Scalar | None]]] = {
    op.ADD: _sum,
    op.SUB: _difference,
    op.MUL: _product,
    op.AND: _and,
    op.OR: _or,
    op.XOR: _xor,
    op.LSH: _shift_left,
    op.RSH: _shift_right,
    op.ARSH: _shift_right_signed,
}
