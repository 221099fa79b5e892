"""Loads are drawn beforehand and depend on the seed alone."""

import numpy as np

from benchmarks.demo.protocol import GET, SCAN, unpack
from benchmarks.demo.trace import BATCH_USER, Load, draw


def test_equal_seeds_give_equal_datagrams() -> None:
    first, second = draw(Load(), seed=3), draw(Load(), seed=3)

    assert first.datagrams() == second.datagrams()
    assert (first.due_ns == second.due_ns).all()
    assert (first.flow == second.flow).all()


def test_other_seeds_give_other_datagrams() -> None:
    assert draw(Load(), seed=3).datagrams() != draw(Load(), seed=4).datagrams()


def test_arrivals_are_ordered_and_keep_the_rate() -> None:
    trace = draw(Load(rate=1000, seconds=20), seed=1)

    assert len(trace) == 20_000
    assert (np.diff(trace.due_ns) >= 0).all()
    assert abs(trace.due_ns[-1] / 1e9 - 20) < 1
    gaps = np.diff(trace.due_ns)
    assert abs(gaps.std() / gaps.mean() - 1) < 0.05  # exponential: deviation equals mean


def test_the_mix_and_the_flows_are_as_asked() -> None:
    trace = draw(Load(rate=10_000, seconds=10, scan_share=0.02, flows=50), seed=1)

    assert abs((trace.kind == SCAN).mean() - 0.02) < 0.002
    assert set(trace.flow.tolist()) == set(range(50))


def test_scans_come_from_the_batch_user_and_gets_from_the_others() -> None:
    trace = draw(Load(scan_share=0.2), seed=1)

    assert set(trace.user[trace.kind == SCAN].tolist()) == {BATCH_USER}
    assert set(trace.user[trace.kind == GET].tolist()) == set(range(1, Load().users))


def test_datagrams_are_requests_numbered_in_order() -> None:
    trace = draw(Load(), seed=1)
    requests = [unpack(data) for data in trace.datagrams()]

    assert requests == [trace.request(index) for index in range(len(trace))]
    assert [request.request for request in requests if request] == list(range(len(trace)))
