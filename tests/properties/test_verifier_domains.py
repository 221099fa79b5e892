"""No concrete result lies outside the abstract one: exhaustively at small widths, at random at full width."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syrupc.isa import opcodes as op
from syrupc.kernel.profiles import NAMES, profile
from syrupc.kernel.reasoning import Reasoning
from syrupc.verifier import compare, tnum
from syrupc.verifier.domains import (
    S64_MAX,
    S64_MIN,
    UNKNOWN,
    Scalar,
    arithmetic,
    const,
    cut,
    extend_sign,
    low_half,
    settle,
    unsigned,
    within,
)
from syrupc.verifier.tnum import M32, M64

OPERATIONS = (op.ADD, op.SUB, op.MUL, op.DIV, op.OR, op.AND, op.LSH, op.RSH, op.MOD, op.XOR, op.ARSH)
COMPARISONS = (
    op.JEQ,
    op.JNE,
    op.JGT,
    op.JGE,
    op.JLT,
    op.JLE,
    op.JSGT,
    op.JSGE,
    op.JSLT,
    op.JSLE,
    op.JSET,
)
KERNELS = tuple(profile(name).reasoning for name in NAMES)


def signed(word: int, bits: int) -> int:
    word &= (1 << bits) - 1
    return word - (1 << bits) if word >> (bits - 1) else word


def compute(operation: int, a: int, b: int, bits: int) -> int:
    """The machine's own arithmetic."""
    keep = (1 << bits) - 1
    a, b = a & keep, b & keep
    match operation:
        case op.ADD:
            return a + b & keep
        case op.SUB:
            return a - b & keep
        case op.MUL:
            return a * b & keep
        case op.DIV:
            return a // b if b else 0
        case op.MOD:
            return a % b if b else a
        case op.OR:
            return a | b
        case op.AND:
            return a & b
        case op.XOR:
            return a ^ b
        case op.LSH:
            return a << (b % bits) & keep
        case op.RSH:
            return a >> (b % bits)
        case op.ARSH:
            return signed(a, bits) >> (b % bits) & keep
    raise AssertionError(operation)


def holds(comparison: int, a: int, b: int, bits: int) -> bool:
    ua, ub = a & ((1 << bits) - 1), b & ((1 << bits) - 1)
    sa, sb = signed(a, bits), signed(b, bits)
    return {
        op.JEQ: ua == ub,
        op.JNE: ua != ub,
        op.JGT: ua > ub,
        op.JGE: ua >= ub,
        op.JLT: ua < ub,
        op.JLE: ua <= ub,
        op.JSGT: sa > sb,
        op.JSGE: sa >= sb,
        op.JSLT: sa < sb,
        op.JSLE: sa <= sb,
        op.JSET: bool(ua & ub),
    }[comparison]


# -- small widths, exhaustively ----------------------------------------------------------------------------------------


def small_bits() -> list[tuple[Scalar, list[int]]]:
    """Every tristate number of four bits with the words it stands for."""
    found = []
    for mask in range(16):
        for value in range(16):
            if value & mask:
                continue
            words = sorted({value | (free & mask) for free in range(16)})
            scalar = settle((value, mask), 0, M64, S64_MIN, S64_MAX, 0, M32, -(1 << 31), (1 << 31) - 1)
            assert scalar is not None
            found.append((scalar, words))
    return found


def small_ranges() -> list[tuple[Scalar, list[int]]]:
    """Signed ranges around zero, with the words they stand for."""
    return [
        (within(low, high), [number & M64 for number in range(low, high + 1)])
        for low, high in itertools.combinations_with_replacement(range(-4, 4), 2)
    ]


SMALL = small_bits()[::3] + small_ranges()[::2]


def test_every_set_contains_its_own_words() -> None:
    assert all(scalar.contains(word) for scalar, words in small_bits() + small_ranges() for word in words)


@pytest.mark.parametrize("kernel", [KERNELS[0], KERNELS[-1]], ids=["oldest", "newest"])
@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_small_arithmetic_contains_every_result(operation: int, bits: int, kernel: Reasoning) -> None:
    for (left, lefts), (right, rights) in itertools.product(SMALL, SMALL):
        found = arithmetic(operation, left, right, bits, kernel)
        outside = [(a, b) for a in lefts for b in rights if not found.contains(compute(operation, a, b, bits))]
        assert not outside, (left, right, found)


@pytest.mark.parametrize("kernel", [KERNELS[0], KERNELS[-1]], ids=["oldest", "newest"])
@pytest.mark.parametrize("bits", [64, 32])
@pytest.mark.parametrize("comparison", COMPARISONS)
def test_small_comparisons_are_decided_and_narrowed_soundly(comparison: int, bits: int, kernel: Reasoning) -> None:
    for (left, lefts), (right, rights) in itertools.product(SMALL, SMALL):
        decided = compare.decide(comparison, left, right, bits, kernel)
        taken = compare.refine(comparison, True, left, right, bits, kernel)
        fallen = compare.refine(comparison, False, left, right, bits, kernel)
        for a, b in itertools.product(lefts, rights):
            outcome = holds(comparison, a, b, bits)
            assert decided is None or decided == outcome
            new_left, new_right = taken if outcome else fallen
            assert new_left.contains(a)
            assert new_right.contains(b)


@pytest.mark.parametrize("operation", [tnum.add, tnum.sub, tnum.mul, tnum.bit_and, tnum.bit_or, tnum.bit_xor])
def test_small_tristate_numbers_contain_every_result(operation: object) -> None:
    exact = {
        tnum.add: lambda a, b: a + b,
        tnum.sub: lambda a, b: a - b,
        tnum.mul: lambda a, b: a * b,
        tnum.bit_and: lambda a, b: a & b,
        tnum.bit_or: lambda a, b: a | b,
        tnum.bit_xor: lambda a, b: a ^ b,
    }[operation]  # type: ignore[index]
    for (left, lefts), (right, rights) in itertools.product(small_bits(), small_bits()):
        value, mask = operation(left.tnum, right.tnum)  # type: ignore[operator]
        assert not value & mask
        assert all(exact(a, b) & M64 & ~mask == value for a in lefts for b in rights)


# -- full width, at random ---------------------------------------------------------------------------------------------

edges = st.sampled_from(
    [0, 1, 7, 8, 255, M32 >> 1, (M32 >> 1) + 1, M32, M32 + 1, M64 >> 1, (M64 >> 1) + 1, M64 - 1, M64]
)
words = st.one_of(edges, st.integers(0, M64), st.integers(0, 300), st.integers(M64 - 300, M64))


@st.composite
def sets(draw: st.DrawFn) -> tuple[Scalar, int]:
    """A set of words by bits and bounds, and one of its words."""
    word = draw(words)
    mask = draw(st.one_of(st.just(M64), st.just(0), words))
    low, high = sorted((draw(words), word)), sorted((draw(words), word))
    signed_low = sorted((signed(draw(words), 64), signed(word, 64)))
    part = word & M32
    part_low = sorted((draw(words) & M32, part))
    found = settle(
        (word & ~mask, mask),
        low[0],
        max(high[1], word),
        signed_low[0],
        max(signed(word, 64), signed_low[1]),
        part_low[0],
        max(part_low[1], part),
        -(1 << 31),
        (1 << 31) - 1,
    )
    assert found is not None
    return found, word


@given(sets())
def test_a_set_contains_the_word_it_was_made_around(drawn: tuple[Scalar, int]) -> None:
    scalar, word = drawn
    assert scalar.contains(word)


@given(sets(), sets(), st.sampled_from(OPERATIONS), st.sampled_from([32, 64]), st.sampled_from(KERNELS))
def test_arithmetic_contains_the_result(
    left: tuple[Scalar, int], right: tuple[Scalar, int], operation: int, bits: int, kernel: Reasoning
) -> None:
    found = arithmetic(operation, left[0], right[0], bits, kernel)
    assert found.contains(compute(operation, left[1], right[1], bits))


@given(sets(), st.integers(0, 63), st.sampled_from([op.LSH, op.RSH, op.ARSH]), st.sampled_from([32, 64]))
def test_shifts_by_a_constant_contain_the_result(left: tuple[Scalar, int], by: int, operation: int, bits: int) -> None:
    found = arithmetic(operation, left[0], const(by), bits, KERNELS[-1])
    assert found.contains(compute(operation, left[1], by, bits))


@given(sets(), sets(), st.sampled_from(COMPARISONS), st.sampled_from([32, 64]), st.sampled_from(KERNELS))
def test_comparisons_keep_what_can_be(
    left: tuple[Scalar, int], right: tuple[Scalar, int], comparison: int, bits: int, kernel: Reasoning
) -> None:
    a, b = left[1], right[1]
    outcome = holds(comparison, a, b, bits)
    assert compare.decide(comparison, left[0], right[0], bits, kernel) in (None, outcome)
    new_left, new_right = compare.refine(comparison, outcome, left[0], right[0], bits, kernel)
    assert new_left.contains(a)
    assert new_right.contains(b)
    if comparison != op.JSET and kernel.compares_ranges:
        assert left[0].covers(new_left)
        assert right[0].covers(new_right)


@given(sets(), st.sampled_from([8, 16, 32]), st.sampled_from(KERNELS))
def test_narrowing_and_extending_contain_the_result(drawn: tuple[Scalar, int], bits: int, kernel: Reasoning) -> None:
    scalar, word = drawn
    assert low_half(scalar, kernel).contains(word & M32)
    assert cut(scalar, bits // 8, kernel).contains(word & ((1 << bits) - 1))
    assert extend_sign(scalar, bits, 64, kernel).contains(signed(word, bits) & M64)
    assert extend_sign(scalar, bits, 32, kernel).contains(signed(word, bits) & M32)
    assert unsigned(bits).contains(word & ((1 << bits) - 1))


@given(sets(), words)
def test_the_least_word_of_a_set_from_a_bound_on_is_in_the_set(drawn: tuple[Scalar, int], low: int) -> None:
    scalar, word = drawn
    found = tnum.least(scalar.tnum, low)
    if word >= low:
        assert low <= found <= word
    if found <= M64:
        assert found & ~scalar.mask == scalar.value


@given(sets(), sets())
def test_what_covers_another_set_contains_its_word(left: tuple[Scalar, int], right: tuple[Scalar, int]) -> None:
    assert UNKNOWN.covers(left[0])
    if left[0].covers(right[0]):
        assert left[0].contains(right[1])
