"""What is known of a number in a register: its bits, and its bounds read as unsigned and signed, 64 and 32 bits wide.

Nothing here is more precise than the kernel that `Reasoning` describes: a proof that only a newer kernel can follow is
no proof that the program loads. In particular division and remainder leave nothing of a range, and no relation between
two numbers is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias

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
            self.mask != 0
            and self.umin <= other.umin
            and self.umax >= other.umax
            and self.smin <= other.smin
            and self.smax >= other.smax
            and self.u32min <= other.u32min
            and self.u32max >= other.u32max
            and self.s32min <= other.s32min
            and self.s32max >= other.s32max
            and tnum.contains((self.value, self.mask), (other.value, other.mask))
        )


_new: Final = tuple.__new__
"""What the class's own constructor does once it has sorted out its arguments, which takes as long again."""

UNKNOWN: Final = Scalar(0, M64, 0, M64, S64_MIN, S64_MAX, 0, M32, S32_MIN, S32_MAX)


def _signed64(word: int) -> int:
    return word - (1 << 64) if word >> 63 else word


def _signed32(word: int) -> int:
    return word - (1 << 32) if word >> 31 else word


_Bounds: TypeAlias = tuple[int, int, int, int, int, int, int, int]


def const(number: int) -> Scalar:
    """The one word that `number` (signed or unsigned) is modulo 2**64."""
    word = number & M64
    low = word & M32
    signed, signed_low = word - (word >> 63 << 64), low - (low >> 31 << 32)
    return _new(Scalar, (word, 0, word, word, signed, signed, low, low, signed_low, signed_low))


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
    """The bits and bounds after each has told the others what it knows; None if together they say nothing can be.

    Bits tell bounds, bounds tell each other three times, bounds tell bits, bits tell bounds: the order and the number
    of rounds are the kernel's, because another round would prove what the kernel does not.
    """
    if not bits[1]:
        return _settled_const(bits[0], umin, umax, smin, smax, u32min, u32max, s32min, s32max)
    if not mixes:
        return settle_apart(bits, umin, umax, smin, smax, u32min, u32max, s32min, s32max)
    bounds = _from_bits(bits, (umin, umax, smin, smax, u32min, u32max, s32min, s32max))
    for _ in range(3):
        before = bounds
        bounds = _deduced(bounds)
        if bounds == before:
            break
    return _concluded(bits, bounds)


def settle_apart(
    bits: Tnum,
    umin: int,
    umax: int,
    smin: int,
    smax: int,
    u32min: int,
    u32max: int,
    s32min: int,
    s32max: int,
) -> Scalar | None:
    """As kernels before 6.8 do it: once, and bounds of one width say nothing of the other except through the bits."""
    bounds = _from_bits(bits, (umin, umax, smin, smax, u32min, u32max, s32min, s32max))
    wide, low = _signs(*bounds[:4], 1 << 64), _signs(*bounds[4:], 1 << 32)
    return _concluded(bits, (*wide, *low))


def _concluded(bits: Tnum, bounds: _Bounds) -> Scalar | None:
    """The bits narrowed by the bounds, and the bounds once more by the bits."""
    umin, umax, smin, smax, u32min, u32max, s32min, s32max = bounds
    if umin > umax or smin > smax or u32min > u32max or s32min > s32max:
        return None
    bits = _narrowed(bits, umin, umax, u32min, u32max)
    if bits[0] & bits[1]:
        return None
    umin, umax, smin, smax, u32min, u32max, s32min, s32max = _from_bits(bits, bounds)
    if umin > umax or smin > smax or u32min > u32max or s32min > s32max:
        return None
    return _new(Scalar, (bits[0], bits[1], umin, umax, smin, smax, u32min, u32max, s32min, s32max))


def _settled_const(
    value: int, umin: int, umax: int, smin: int, smax: int, u32min: int, u32max: int, s32min: int, s32max: int
) -> Scalar | None:
    found = const(value)
    fits = umin <= value <= umax and smin <= found.smin <= smax
    return found if fits and u32min <= found.u32min <= u32max and s32min <= found.s32min <= s32max else None


def _from_bits(bits: Tnum, bounds: _Bounds) -> _Bounds:
    """The bounds, none wider than the bits permit."""
    umin, umax, smin, smax, u32min, u32max, s32min, s32max = bounds
    value, mask = bits
    most = value | mask
    low, low_most = value & M32, most & M32
    sign, low_sign = mask >> 63 << 63, mask & 1 << 31
    least_signed, most_signed = value | sign, most & ~sign
    least_low, most_low = low | low_sign, low_most & ~low_sign
    # Conditions instead of `_signed64`, `min` and `max`: no other code of the walk runs as often.
    least_signed -= least_signed >> 63 << 64
    most_signed -= most_signed >> 63 << 64
    least_low -= least_low >> 31 << 32
    most_low -= most_low >> 31 << 32
    return (
        umin if umin > value else value,
        umax if umax < most else most,
        smin if smin > least_signed else least_signed,
        smax if smax < most_signed else most_signed,
        u32min if u32min > low else low,
        u32max if u32max < low_most else low_most,
        s32min if s32min > least_low else least_low,
        s32max if s32max < most_low else most_low,
    )


def _deduced(bounds: _Bounds) -> _Bounds:
    """One round: 32-bit bounds from 64-bit ones, signed from unsigned and back, 64-bit bounds from 32-bit ones."""
    umin, umax, smin, smax, u32min, u32max, s32min, s32max = bounds
    if umin >> 32 == umax >> 32:
        low, high = umin & M32, umax & M32
        u32min, u32max = low if low > u32min else u32min, high if high < u32max else u32max
    if smin >= S32_MIN and smax <= S32_MAX:
        s32min, s32max = smin if smin > s32min else s32min, smax if smax < s32max else s32max
    elif smin >> 32 == smax >> 32:
        low, high = smin & M32, smax & M32
        u32min, u32max = low if low > u32min else u32min, high if high < u32max else u32max
    u32min, u32max, s32min, s32max = _signs(u32min, u32max, s32min, s32max, 1 << 32)
    umin, umax, smin, smax = _signs(umin, umax, smin, smax, 1 << 64)
    low, high = umin & ~M32 | u32min, umax & ~M32 | u32max
    umin, umax = low if low > umin else umin, high if high < umax else umax
    low, high = smin & ~M32 | u32min, smax & ~M32 | u32max
    smin, smax = low if low > smin else smin, high if high < smax else smax
    if s32min >= 0 and smin >= S32_MIN and smax <= S32_MAX:
        # Kernels replace the 64-bit bounds here, also those that were narrower.
        umin, umax, smin, smax = s32min, s32max, s32min, s32max
    return umin, umax, smin, smax, u32min, u32max, s32min, s32max


def _signs(umin: int, umax: int, smin: int, smax: int, modulus: int) -> tuple[int, int, int, int]:
    """Bounds of the same word read as unsigned and as signed, each narrowed by the other where neither wraps."""
    half = modulus >> 1
    if umax < half or umin >= half:
        wrap = modulus if umin >= half else 0
        low, high = umin - wrap, umax - wrap
        smin, smax = low if low > smin else smin, high if high < smax else smax
    if smin >= 0 or smax < 0:
        wrap = modulus if smax < 0 else 0
        low, high = smin + wrap, smax + wrap
        umin, umax = low if low > umin else umin, high if high < umax else umax
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


def widen_low(bounds: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    """64-bit bounds of a number whose high half is zero, from its 32-bit ones."""
    u32min, u32max, s32min, s32max = bounds
    return (u32min, u32max, s32min, s32max) if s32min >= 0 else (u32min, u32max, 0, M32)


def low_half(a: Scalar, kernel: Reasoning) -> Scalar:
    """The low 32 bits, the high ones cleared: what every 32-bit operation leaves."""
    if not a.mask:
        return const(a.value & M32)
    bits = a.value & M32, a.mask & M32
    if not kernel.mixes_widths:
        return settle_apart(bits, *widen_low(a[6:10]), *a[6:10]) or _UNSIGNED[32]
    if a.umax <= M32:
        return a
    return settle(bits, a.u32min, a.u32max, S64_MIN, S64_MAX, a.u32min, a.u32max, a.s32min, a.s32max) or _UNSIGNED[32]


def cut(a: Scalar, size: int, kernel: Reasoning) -> Scalar:
    """The low `size` bytes as an unsigned number: what reading a narrower field of the value gives."""
    if size == 4:
        return low_half(a, kernel)
    if size == 8:
        return a
    limit = (1 << 8 * size) - 1
    if a.umax <= limit:
        return a
    bits = a.value & limit, a.mask & limit
    return settle(bits, *_UNBOUNDED64, *_UNBOUNDED32, kernel.mixes_widths) or _UNSIGNED[8 * size]


def swapped(a: Scalar, size: int) -> Scalar:
    """The low `size` bytes in reverse order: of bounds nothing is left but what the bits tell."""
    value, mask = (int.from_bytes(part.to_bytes(8, "little")[:size], "big") for part in (a.value, a.mask))
    return settle((value, mask), *_UNBOUNDED64, *_UNBOUNDED32) or UNKNOWN


def extend_sign(a: Scalar, bits: int, width: int, kernel: Reasoning) -> Scalar:
    """The low `bits` as a signed number, in a register of `width` bits.

    Bounds survive where all words agree in the bits that are dropped and in the sign that is kept; bits do not.
    """
    half = 1 << (bits - 1)
    if not a.mask:
        found = const((a.value & (2 * half - 1) ^ half) - half)
        return found if width == 64 else low_half(found, kernel)
    low, high = (a.smin, a.smax) if width == 64 else (a.s32min, a.s32max)
    ends = sorted((((low & 2 * half - 1) ^ half) - half, ((high & 2 * half - 1) ^ half) - half))
    if low >> bits != high >> bits or (ends[0] < 0) != (ends[1] < 0):
        ends = [-half, half - 1]
    found = within(ends[0], ends[1])
    return found if width == 64 else low_half(found, kernel)


def sign_values(a: Scalar) -> tuple[Scalar, Scalar] | None:
    """The number as 0 and as -1, or its low half as either; None if it may be something else."""
    if (a.smin, a.smax) == (-1, 0):
        return const(0), const(-1)
    if (a.s32min, a.s32max) != (-1, 0):
        return None
    high = a.value & ~M32, a.mask & ~M32
    return _low_known(a, high, 0), _low_known(a, (high[0] | M32, high[1]), M32)


def _low_known(a: Scalar, bits: Tnum, low: int) -> Scalar:
    signed = low - (low >> 31 << 32)
    return settle(bits, a.umin, a.umax, a.smin, a.smax, low, low, signed, signed) or UNKNOWN


# -- arithmetic --------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1 << 14)
def arithmetic(operation: int, a: Scalar, b: Scalar, width: int, kernel: Reasoning) -> Scalar:
    """`a operation b` on registers of `width` bits; `operation` is one of `opcodes.ADD` to `opcodes.ARSH`."""
    if operation in _SHIFTS and (b.mask or b.value >= width):
        return UNKNOWN
    if width == 32:
        a, b = low_half(a, kernel), low_half(b, kernel)
    step = _STEPS.get(operation)
    if step and not a.mask and not b.mask:
        return const(exact(operation, a.value, b.value, width))
    found = step(a, b, width, kernel) if step else None
    if found is None:
        # Not even that the high half is cleared: kernels forget everything here.
        return UNKNOWN
    return low_half(found, kernel) if width == 32 else found


def exact(operation: int, a: int, b: int, width: int) -> int:
    """`a operation b` for two words of `width` bits; shifts are by less than the width."""
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
        case op.LSH:
            return a << b & keep
        case op.RSH:
            return a >> b
        case op.ARSH:
            return ((_signed64(a) if width == 64 else _signed32(a)) >> b) & keep
    raise AssertionError(operation)


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


def displaced(a: Scalar, by: int, kernel: Reasoning) -> Scalar:
    """What is known of a number that lies `by` from `a`.

    Before they followed differences, kernels let its bits and bounds tell each other nothing: they left that to what is
    done with it next, which may go by one of the bounds alone.
    """
    b, wrapped = const(by), kernel.adds_wrapped
    bits, umin, umax = tnum.add(a.tnum, b.tnum), *_wrapping(a.umin + b.umin, a.umax + b.umax, 0, M64, wrapped)
    others = (
        *_wrapping(a.smin + b.smin, a.smax + b.smax, S64_MIN, S64_MAX, wrapped),
        *_wrapping(a.u32min + b.u32min, a.u32max + b.u32max, 0, M32, wrapped),
        *_wrapping(a.s32min + b.s32min, a.s32max + b.s32max, S32_MIN, S32_MAX, wrapped),
    )
    if kernel.follows_differences:
        return settle(bits, umin, umax, *others) or UNKNOWN
    if not bits[1] and umin != umax:
        return UNKNOWN  # a constant with the bounds of none, which no pointer may be moved by
    return Scalar(*bits, umin, umax, *others)


def _wrapping(low: int, high: int, least: int, most: int, wrapped: bool) -> tuple[int, int]:
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
    bits = tnum.shift_left(a.tnum, by)
    umin, umax = (a.umin << by, a.umax << by) if a.umax << by <= M64 else (0, M64)
    smin, smax = S64_MIN, S64_MAX
    if by == 32 and (kernel.mixes_widths or a.s32min >= 0):
        # A 32-bit number on its way to being sign-extended.
        smin, smax = a.s32min << 32, a.s32max << 32
    u32min, u32max = (a.u32min << by, a.u32max << by) if width == 32 and a.u32max << by <= M32 else (0, M32)
    return settle(bits, umin, umax, smin, smax, u32min, u32max, S32_MIN, S32_MAX, kernel.mixes_widths)


def _shift_right(a: Scalar, b: Scalar, _width: int, kernel: Reasoning) -> Scalar | None:
    by = b.value
    bits = tnum.shift_right(a.tnum, by)
    return settle(bits, a.umin >> by, a.umax >> by, S64_MIN, S64_MAX, *_UNBOUNDED32, kernel.mixes_widths)


def _shift_right_signed(a: Scalar, b: Scalar, width: int, kernel: Reasoning) -> Scalar | None:
    by = b.value
    if width == 64:
        bits = tnum.shift_right_signed(a.tnum, by, 64)
        return settle(bits, 0, M64, a.smin >> by, a.smax >> by, *_UNBOUNDED32, kernel.mixes_widths)
    bits = tnum.shift_right_signed(tnum.truncate(a.tnum, 32), by, 32)
    return settle(bits, 0, M32, S64_MIN, S64_MAX, 0, M32, a.s32min >> by, a.s32max >> by, kernel.mixes_widths)


_SHIFTS: Final = frozenset({op.LSH, op.RSH, op.ARSH})
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
