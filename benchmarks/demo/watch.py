"""Whether the machine stood still during a run: its CPUs are watched, whatever the policy did."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

_INTERVAL_NS: Final = 10_000_000


@dataclass(slots=True)
class Stalls:
    """The longest time, in nanoseconds, that a CPU kept a thread waiting that wanted to run."""

    longest_ns: int = 0


@contextlib.contextmanager
def watched() -> Iterator[Stalls]:
    """A thread on each CPU, at the caller's priority, that wakes up at short intervals and sees how late it is."""
    stalls, done = Stalls(), threading.Event()
    cpus = sorted(os.sched_getaffinity(0))
    threads = [threading.Thread(target=_watch, args=(cpu, stalls, done)) for cpu in cpus]
    for thread in threads:
        thread.start()
    try:
        yield stalls
    finally:
        done.set()
        for thread in threads:
            thread.join()


def _watch(cpu: int, stalls: Stalls, done: threading.Event) -> None:
    os.sched_setaffinity(0, {cpu})  # of this thread alone
    due = time.monotonic_ns()
    while not done.is_set():
        due += _INTERVAL_NS
        time.sleep(max(0, due - time.monotonic_ns()) / 1e9)
        now = time.monotonic_ns()
        stalls.longest_ns = max(stalls.longest_ns, now - due)
        due = now
