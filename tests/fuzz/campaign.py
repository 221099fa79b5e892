"""Many shares, in processes side by side: who gets which seed, what comes back, and how a run ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.synchronize import Event
from typing import Any, Final

from tests.fuzz.share import FILES, Examiner, Result, examiner

FIRST_SEED: Final = 1000
"""The seeds before this one are for the test suite."""

# Not forked: a process that has loaded LLVM or Numba has threads and state of its own.
_SPAWN: Final = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Plan:
    """How to run: in how many processes, with the kernel or without, and how many files a share has."""

    processes: int
    kernel: bool = True
    files: int = FILES


def run(plan: Plan, claim: Callable[[], int | None], stop: Event) -> Iterator[Result]:
    """Run shares of seeds that `claim` gives, until it gives None. Yields results as they come.

    Once `stop` is set, shares end where they are, and what they have done is yielded like any other.
    """
    cpus = _SPAWN.Value("i", 0)
    with ProcessPoolExecutor(plan.processes, _SPAWN, _start, (stop, cpus, plan.kernel)) as pool:
        running: set[Future[Result]] = set()
        while True:
            while len(running) < plan.processes and not stop.is_set() and (number := claim()) is not None:
                running.add(pool.submit(_share, number, plan.files))
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for each in done:
                yield each.result()


def stopper() -> Event:
    """What ends a run."""
    return _SPAWN.Event()


_examiner: Examiner | None = None
_stop: Event | None = None
_open = ExitStack()


def _start(stop: Event, cpus: Any, kernel: bool) -> None:
    """In a new process: Ctrl-C is for the one that started it."""
    global _examiner, _stop
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    with cpus.get_lock():
        cpu, cpus.value = cpus.value, cpus.value + 1
    _stop = stop
    _examiner = _open.enter_context(examiner(cpu, kernel=kernel))


def _share(number: int, files: int) -> Result:
    assert _examiner is not None
    assert _stop is not None
    return _examiner.run(number, _stop.is_set, files)


def processors() -> int:
    """How many processes find a CPU."""
    return len(os.sched_getaffinity(0))
