"""The queue simulation against cases worked out by hand."""

import math

import numpy as np

from benchmarks.demo.generator import NOBODY
from benchmarks.demo.protocol import GET, SCAN
from benchmarks.demo.simulate import IDLE, Moment, replay, simulate
from benchmarks.demo.trace import Load, Trace

LOAD = Load(get_us=1, scan_us=10)  # 1 000 ns and 10 000 ns


def trace(due: list[int], kinds: list[int]) -> Trace:
    zero = np.zeros(len(due), np.int64)
    return Trace(np.array(due, np.int64), np.array(kinds, np.int64), zero, zero, zero, 1, 1)


def test_an_idle_worker_serves_at_once() -> None:
    result = simulate(trace([0, 5_000], [GET, GET]), LOAD, 1, lambda _: 0)

    assert result.latency_ns.tolist() == [1_000, 1_000]


def test_a_get_waits_for_the_scan_before_it() -> None:
    result = simulate(trace([0, 100, 200], [SCAN, GET, GET]), LOAD, 1, lambda _: 0)

    assert result.latency_ns.tolist() == [10_000, 10_900, 11_800]


def test_another_worker_does_not_wait() -> None:
    result = simulate(trace([0, 100], [SCAN, GET]), LOAD, 2, lambda moment: moment.index)

    assert result.latency_ns.tolist() == [10_000, 1_000]
    assert result.worker.tolist() == [0, 1]


def test_a_dropped_request_is_lost_and_takes_no_ones_time() -> None:
    result = simulate(trace([0, 0], [SCAN, GET]), LOAD, 1, lambda moment: None if moment.index == 0 else 0)

    assert result.latency_ns.tolist() == [math.inf, 1_000]
    assert (result.worker.tolist(), result.dropped, result.lost) == ([NOBODY, 0], 1, 0)


def test_the_choice_sees_what_each_worker_serves_at_that_time() -> None:
    seen: list[list[int]] = []

    def choose(moment: Moment) -> int:
        seen.append(list(moment.serving))
        return 0

    simulate(trace([0, 100, 10_500, 11_500], [SCAN, GET, GET, GET]), LOAD, 2, choose)

    assert seen == [[IDLE, IDLE], [SCAN, IDLE], [GET, IDLE], [GET, IDLE]]


def test_a_replay_sends_each_request_where_it_went() -> None:
    requests = trace([0, 100, 200], [SCAN, GET, GET])
    first = simulate(requests, LOAD, 2, lambda moment: (0, None, 1)[moment.index])

    again = replay(requests, LOAD, 2, first)

    assert again.latency_ns.tolist() == first.latency_ns.tolist()
    assert again.worker.tolist() == [0, NOBODY, 1]
