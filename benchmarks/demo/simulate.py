"""An exact simulation of the workers' queues: what the same requests would take if nothing but the queues mattered."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.demo.generator import NOBODY, Outcome
from benchmarks.demo.protocol import SCAN
from benchmarks.demo.trace import Load, Trace

IDLE = 0


@dataclass(frozen=True, slots=True)
class Moment:
    """A request's arrival: which, when, and the kind that each worker serves then (`IDLE` if none)."""

    index: int
    now_ns: int
    serving: list[int]


Choice = Callable[[Moment], int | None]
"""Which worker gets the request; `None` drops it."""


def simulate(trace: Trace, load: Load, workers: int, choose: Choice) -> Outcome:
    """First come, first served at each worker, with the nominal service times."""
    queues: list[deque[tuple[int, int]]] = [deque() for _ in range(workers)]
    latency = np.full(len(trace), math.inf)
    chosen = np.full(len(trace), NOBODY, np.int64)
    for index, (now, kind) in enumerate(zip(trace.due_ns.tolist(), trace.kind.tolist(), strict=True)):
        worker = choose(Moment(index, now, [_serving(queue, now) for queue in queues]))
        if worker is None:
            continue
        queue = queues[worker]
        start = queue[-1][0] if queue else now
        end = start + (load.scan_us if kind == SCAN else load.get_us) * 1000
        queue.append((end, kind))
        latency[index], chosen[index] = end - now, worker
    return Outcome(latency, chosen, np.zeros(len(trace), np.int64), (None,) * len(trace), int((chosen == NOBODY).sum()))


def replay(trace: Trace, load: Load, workers: int, measured: Outcome) -> Outcome:
    """The latencies to expect, given which worker each request went to."""
    went = measured.worker.tolist()
    return simulate(trace, load, workers, lambda moment: None if went[moment.index] == NOBODY else went[moment.index])


def _serving(queue: deque[tuple[int, int]], now: int) -> int:
    while queue and queue[0][0] <= now:
        queue.popleft()
    return queue[0][1] if queue else IDLE
