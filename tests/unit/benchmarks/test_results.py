"""The accounting: exact percentiles, lost requests as infinite, medians over repetitions, rotated orders."""

import math

import numpy as np
import pytest

from benchmarks.demo.generator import NOBODY, Outcome
from benchmarks.demo.protocol import GET, SCAN
from benchmarks.demo.results import Segment, percentile, rotated, rows, segment, shares
from benchmarks.demo.trace import Trace


def outcome(latencies: list[float], workers: list[int]) -> Outcome:
    lag = np.arange(len(latencies), dtype=np.int64)
    return Outcome(np.array(latencies), np.array(workers, np.int64), lag, (None,) * len(latencies))


def trace(kinds: list[int]) -> Trace:
    zero = np.zeros(len(kinds), np.int64)
    return Trace(zero, np.array(kinds, np.int64), zero, zero, zero, 1, 1)


def run(policy: str, p99: float, lost: int = 0) -> Segment:
    return Segment(policy, 0, 100, lost, 0, (0.5, 0.5), p99 / 2, p99, p99 * 2, p99 * 3, 0.0, p99, 0, 0)


def test_a_percentile_is_one_of_the_values() -> None:
    values = np.arange(1.0, 101.0)

    assert (percentile(values, 0.5), percentile(values, 0.99), percentile(values, 1.0)) == (50, 99, 100)
    assert percentile(np.array([7.0]), 0.01) == 7


def test_the_order_of_the_values_does_not_matter() -> None:
    assert percentile(np.array([3.0, 1.0, 2.0]), 0.5) == 2


def test_a_lost_request_has_taken_infinitely_long() -> None:
    latencies = np.array([1.0] * 98 + [math.inf] * 2)

    assert percentile(latencies, 0.98) == 1
    assert percentile(latencies, 0.99) == math.inf


def test_no_values_give_no_percentile() -> None:
    assert math.isnan(percentile(np.array([]), 0.99))


def test_gets_and_scans_are_told_apart() -> None:
    measured = segment("p", 1, trace([GET, SCAN, GET]), outcome([10.0, 500.0, 20.0], [0, 1, 0]), workers=2)

    assert (measured.get_p99, measured.scan_p99, measured.sent, measured.lost) == (20, 500, 3, 0)


def test_a_lost_request_counts_against_its_kind_and_no_worker() -> None:
    result = outcome([10.0, math.inf], [1, NOBODY])
    measured = segment("p", 1, trace([GET, SCAN]), result, workers=2)

    assert (measured.lost, measured.get_p99, measured.scan_p99) == (1, 10, math.inf)
    assert measured.share == (0.0, 1.0)


def test_shares_name_every_worker() -> None:
    assert shares(outcome([1.0] * 4, [2, 2, 0, 2]), workers=4) == (0.25, 0.0, 0.75, 0.0)


def test_nothing_served_gives_no_shares() -> None:
    assert shares(outcome([math.inf], [NOBODY]), workers=2) == (0.0, 0.0)


def test_a_row_holds_the_median_of_the_repetitions() -> None:
    (base, row) = rows([run("sita", 1), run("default", 90), run("sita", 30), run("sita", 3, lost=2)], "default")

    assert (base.policy, base.gain) == ("default", 1)
    assert (row.get_p99, row.get_p99_range, row.repetitions) == (3, (1, 30), 3)
    assert (row.gain, row.sent, row.lost) == (30, 300, 2)


def test_losing_everywhere_is_no_gain() -> None:
    (_, row) = rows([run("default", math.inf), run("bad", math.inf)], "default")

    assert math.isnan(row.gain)


@pytest.mark.parametrize("count", [1, 3, 7])
def test_rotation_puts_every_policy_at_every_place(count: int) -> None:
    policies = [f"p{i}" for i in range(count)]
    orders = [rotated(policies, repetition) for repetition in range(count)]

    assert all(sorted(order) == policies for order in orders)
    assert all(sorted(column) == policies for column in zip(*orders, strict=True))
