"""A machine that stands still is noticed."""

import os
import threading

from benchmarks.demo.watch import watched


def test_what_the_threads_do_to_their_affinity_stays_with_them() -> None:
    before = os.sched_getaffinity(0)

    with watched() as stalls:
        pass

    assert os.sched_getaffinity(0) == before
    assert stalls.longest_ns >= 0


def test_no_thread_is_left() -> None:
    before = threading.active_count()

    with watched():
        assert threading.active_count() == before + len(os.sched_getaffinity(0))

    assert threading.active_count() == before
