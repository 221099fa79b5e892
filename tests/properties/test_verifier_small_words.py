"""No concrete result lies outside the abstract one: for all words of eight bits, and all tristate numbers of them."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pytest

from syrupc.isa import opcodes as op
from syrupc.kernel.profiles import NAMES
from syrupc.kernel.reasoning import Reasoning
from tests.properties.small_words import Bits, Machine, machine
from tests.properties.test_verifier_domains import COMPARISONS, KERNELS, OPERATIONS, compute, holds, signed

WORD: Final = 8
SMALL: Final = machine(WORD)
SETS: Final = 300
PAIRS: Final = 600
"""Of sets that are drawn at random, for each operation and each kernel: all their words are looked at."""

Table: Any = npt.NDArray[np.int64]
WIDTHS: Final = (WORD, WORD // 2)
_EVERY: Final = range(1 << WORD)


@cache
def results(operation: int, bits: int) -> Table:
    """What the operation gives for each two words."""
    return np.array([[compute(operation, a, b, bits) for b in _EVERY] for a in _EVERY])


@cache
def outcomes(comparison: int, bits: int) -> Table:
    return np.array([[holds(comparison, a, b, bits) for b in _EVERY] for a in _EVERY])


# -- tristate numbers: all of them -------------------------------------------------------------------------------------

TNUMS: Final = [(value, mask) for mask in _EVERY for value in _EVERY if not value & mask]


def extremes(table: Table) -> tuple[Table, Table]:
    """For each two tristate numbers, the bits that all results have, and those that any has.

    A bit that is not known splits a tristate number into two: what they have in common, or together, is its own.
    Axes 0 to 7 and 8 to 15 are the bits of the two numbers, highest first; index 2 stands for not known.
    """
    every = table.astype(np.uint8).reshape((2,) * (2 * WORD))
    some = every
    for axis in range(2 * WORD):
        every, some = (
            np.concatenate([part, join(*np.split(part, 2, axis)[:2])], axis)
            for part, join in ((every, np.bitwise_and), (some, np.bitwise_or))
        )
    return every.reshape(3**WORD, 3**WORD), some.reshape(3**WORD, 3**WORD)


def place(number: tuple[int, int]) -> int:
    """The index of a tristate number in what `extremes` gives."""
    found = 0
    for bit in reversed(range(WORD)):
        found = 3 * found + (2 if number[1] >> bit & 1 else number[0] >> bit & 1)
    return found


@pytest.mark.parametrize("name", ["add", "sub", "mul", "bit_and", "bit_or", "bit_xor"])
def test_all_tristate_numbers_contain_every_result(name: str) -> None:
    operation = {
        "add": op.ADD,
        "sub": op.SUB,
        "mul": op.MUL,
        "bit_and": op.AND,
        "bit_or": op.OR,
        "bit_xor": op.XOR,
    }[name]
    function: Callable[..., Any] = getattr(SMALL.tnum, name)
    every, some = extremes(results(operation, WORD))
    order = sorted(TNUMS, key=place)
    right = tuple(np.array(part) for part in zip(*order, strict=True))
    for index, left in enumerate(order):
        value, mask = function(left, right)
        assert not np.any(value & mask)
        assert np.all(every[index] & ~mask == value), left
        assert np.all(some[index] & ~mask == value), left


@pytest.mark.parametrize("bits", WIDTHS)
def test_all_shifted_tristate_numbers_contain_every_result(bits: int) -> None:
    tnum = SMALL.tnum
    for number, by in itertools.product(TNUMS, range(bits)):
        words = members(number)
        cut = tnum.truncate(number, bits)
        shifted = {
            op.LSH: tnum.truncate(tnum.shift_left(number, by), bits),
            op.RSH: tnum.shift_right(cut, by),
            op.ARSH: tnum.shift_right_signed(cut, by, bits),
        }
        for operation, (value, mask) in shifted.items():
            assert not value & mask
            assert np.all(results(operation, bits)[words, by] & ~mask == value)


@cache
def members(number: tuple[int, int]) -> Table:
    return np.array([word for word in _EVERY if word & ~number[1] == number[0]])


def test_all_ranges_are_within_their_tristate_numbers() -> None:
    for low, high in itertools.combinations_with_replacement(_EVERY, 2):
        value, mask = SMALL.tnum.from_range(low, high)
        words = np.arange(low, high + 1)
        assert np.all(words & ~mask == value)


def test_tristate_numbers_contain_others_exactly() -> None:
    rows = np.array([[word & ~mask == value for word in _EVERY] for value, mask in TNUMS])
    for index in range(0, len(TNUMS), 17):
        claimed = [SMALL.tnum.contains(TNUMS[index], inner) for inner in TNUMS]
        assert np.array_equal(claimed, ~np.any(rows & ~rows[index], axis=1))
    assert len(TNUMS) == 3**WORD


# -- sets by bits and bounds: many of them, all their words ------------------------------------------------------------


def drawn(small: Machine, rnd: random.Random) -> Any:
    """A set by bits and bounds; None where nothing is in it."""
    keep, top = (1 << small.word) - 1, 1 << small.word - 1
    low_keep, low_top = (1 << small.half) - 1, 1 << small.half - 1

    def interval(least: int, most: int) -> tuple[int, int]:
        if rnd.random() < 0.5:
            return least, most
        low, high = sorted((rnd.randint(least, most), rnd.randint(least, most)))
        return low, high

    mask = rnd.choice((keep, keep, rnd.randint(0, keep), 1 << rnd.randrange(small.word), 0))
    bits = rnd.randint(0, keep) & ~mask, mask
    bounds = (*interval(0, keep), *interval(-top, top - 1))
    low_bounds = (*interval(0, low_keep), *interval(-low_top, low_top - 1))
    return bits, bounds, low_bounds


@cache
def sets() -> list[tuple[Any, Bits]]:
    """Sets with their words. Every way to settle the same facts is looked at as well."""
    rnd, found = random.Random(1), {}
    while len(found) < SETS:
        bits, bounds, low_bounds = drawn(SMALL, rnd)
        exact = SMALL.words_of(SMALL.domains.Scalar(*bits, *bounds, *low_bounds))
        for mixes in (True, False):
            settled = SMALL.domains.settle(bits, *bounds, *low_bounds, mixes)
            assert settled is not None or not exact.any()
            if settled is not None:
                assert not np.any(exact & ~SMALL.words_of(settled)), (bits, bounds, low_bounds)
                found[settled] = SMALL.words_of(settled)
    return [(scalar, words) for scalar, words in found.items() if words.any()]


def pairs(seed: int, count: int = PAIRS) -> Iterator[tuple[tuple[Any, Bits], tuple[Any, Bits]]]:
    rnd, every = random.Random(seed), sets()
    return ((rnd.choice(every), rnd.choice(every)) for _ in range(count))


def test_sets_that_are_settled_keep_their_words() -> None:
    assert len(sets()) > SETS // 2


@pytest.mark.parametrize("kernel", KERNELS, ids=NAMES)
@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_arithmetic_contains_every_result_of_all_words(operation: int, bits: int, kernel: Reasoning) -> None:
    table = results(operation, bits)
    for (left, lefts), (right, rights) in pairs(operation + bits):
        found = SMALL.words_of(SMALL.domains.arithmetic(operation, left, right, bits, kernel))
        assert found[table[np.ix_(lefts, rights)]].all(), (left, right)


@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("operation", [op.LSH, op.RSH, op.ARSH])
def test_shifts_contain_every_result_of_all_words(operation: int, bits: int) -> None:
    table = results(operation, bits)
    for (left, lefts), by, kernel in itertools.product(sets(), range(bits), (KERNELS[0], KERNELS[-1])):
        found = SMALL.words_of(SMALL.domains.arithmetic(operation, left, SMALL.domains.const(by), bits, kernel))
        assert found[table[lefts, by]].all(), (left, by)


@pytest.mark.parametrize("kernel", KERNELS, ids=NAMES)
@pytest.mark.parametrize("bits", WIDTHS)
@pytest.mark.parametrize("comparison", COMPARISONS)
def test_comparisons_are_decided_and_narrowed_soundly_for_all_words(
    comparison: int, bits: int, kernel: Reasoning
) -> None:
    table = outcomes(comparison, bits)
    for (left, lefts), (right, rights) in pairs(comparison + bits):
        part = table[np.ix_(lefts, rights)]
        decided = SMALL.compare.decide(comparison, left, right, bits, kernel)
        assert decided is None or np.all(part == decided), (left, right)
        for taken in (True, False):
            new_left, new_right = SMALL.compare.refine(comparison, taken, left, right, bits, kernel)
            there = part == taken
            assert SMALL.words_of(new_left)[np.flatnonzero(lefts)[there.any(axis=1)]].all(), (left, right, taken)
            assert SMALL.words_of(new_right)[np.flatnonzero(rights)[there.any(axis=0)]].all(), (left, right, taken)


@pytest.mark.parametrize("kernel", KERNELS, ids=NAMES)
def test_halves_and_signs_contain_every_result_of_all_words(kernel: Reasoning) -> None:
    domains, half = SMALL.domains, WORD // 2
    for scalar, words in sets():
        inside = np.flatnonzero(words)
        assert SMALL.words_of(domains.low_half(scalar, kernel))[inside & (1 << half) - 1].all(), scalar
        for bits, width in ((2, half), (2, WORD), (3, WORD), (half, WORD)):
            exact = np.array([signed(int(word), bits) & (1 << width) - 1 for word in inside])
            assert SMALL.words_of(domains.extend_sign(scalar, bits, width, kernel))[exact].all(), (scalar, bits, width)


def test_constants_and_ranges_are_exact() -> None:
    for word in _EVERY:
        assert np.flatnonzero(SMALL.words_of(SMALL.domains.const(word))).tolist() == [word]
    for low, high in itertools.combinations_with_replacement(range(-128, 128), 2):
        words = SMALL.words_of(SMALL.domains.within(low, high))
        assert words[np.arange(low, high + 1) & 0xFF].all()


def test_a_set_that_covers_another_contains_its_words() -> None:
    covering = 0
    for (left, lefts), (right, rights) in itertools.product(sets(), repeat=2):
        if left.covers(right):
            covering += left != right
            assert not np.any(rights & ~lefts), (left, right)
    assert covering > SETS
