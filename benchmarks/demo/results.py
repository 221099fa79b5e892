"""From outcomes to figures: exact percentiles where a lost request counts as infinite, and medians over repetitions."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.demo.generator import NOBODY, Floats, Outcome
from benchmarks.demo.protocol import GET, SCAN
from benchmarks.demo.trace import Trace


@dataclass(frozen=True, slots=True)
class Segment:
    """One run of one policy. Latencies in nanoseconds; `share` is each worker's part of the requests served.

    `expected_p99` is the GET p99 that an exact simulation gives for the same requests at the same workers. `again`: how
    many runs came before that were not kept because the machine stood still; `stall_ns`: how long it did in this one.
    """

    policy: str
    seed: int
    sent: int
    lost: int
    dropped: int
    share: tuple[float, ...]
    get_p50: float
    get_p99: float
    get_p999: float
    scan_p99: float
    lag_p99: float
    expected_p99: float
    again: int
    stall_ns: int


@dataclass(frozen=True, slots=True)
class Row:
    """A policy's medians over its repetitions; `sent`, `lost` and `dropped` are totals.

    `gain`: how many times lower its GET p99 is than the default's.
    """

    policy: str
    repetitions: int
    sent: int
    lost: int
    dropped: int
    share: tuple[float, ...]
    get_p50: float
    get_p99: float
    get_p999: float
    scan_p99: float
    get_p99_range: tuple[float, float]
    gain: float


def percentile(latencies: Floats, q: float) -> float:
    """The smallest of `latencies` that at least the part `q` of them does not exceed; `nan` if there are none."""
    if len(latencies) == 0:
        return math.nan
    rank = math.ceil(q * len(latencies))
    return float(np.sort(latencies)[max(rank, 1) - 1])


def segment(
    policy: str,
    seed: int,
    trace: Trace,
    outcome: Outcome,
    workers: int,
    expected_p99: float = math.nan,
    again: int = 0,
) -> Segment:
    gets, scans = outcome.latency_ns[trace.kind == GET], outcome.latency_ns[trace.kind == SCAN]
    return Segment(
        policy=policy,
        seed=seed,
        sent=len(trace),
        lost=outcome.lost,
        dropped=outcome.dropped,
        share=shares(outcome, workers),
        get_p50=percentile(gets, 0.5),
        get_p99=percentile(gets, 0.99),
        get_p999=percentile(gets, 0.999),
        scan_p99=percentile(scans, 0.99),
        lag_p99=percentile(outcome.lag_ns.astype(np.float64), 0.99),
        expected_p99=expected_p99,
        again=again,
        stall_ns=outcome.stall_ns,
    )


def shares(outcome: Outcome, workers: int) -> tuple[float, ...]:
    served = outcome.worker[outcome.worker != NOBODY]
    counts = np.bincount(served, minlength=workers)
    return tuple(float(count) / max(1, len(served)) for count in counts)


def rows(segments: Sequence[Segment], default: str) -> tuple[Row, ...]:
    """One row a policy, in the order in which they first ran, the default first."""
    policies = [default, *dict.fromkeys(s.policy for s in segments if s.policy != default)]
    base = statistics.median(s.get_p99 for s in segments if s.policy == default)
    return tuple(_row(policy, [s for s in segments if s.policy == policy], base) for policy in policies)


def _row(policy: str, runs: Sequence[Segment], base: float) -> Row:
    p99 = statistics.median(s.get_p99 for s in runs)
    return Row(
        policy=policy,
        repetitions=len(runs),
        sent=sum(s.sent for s in runs),
        lost=sum(s.lost for s in runs),
        dropped=sum(s.dropped for s in runs),
        share=tuple(statistics.median(column) for column in zip(*(s.share for s in runs), strict=True)),
        get_p50=statistics.median(s.get_p50 for s in runs),
        get_p99=p99,
        get_p999=statistics.median(s.get_p999 for s in runs),
        scan_p99=statistics.median(s.scan_p99 for s in runs),
        get_p99_range=(min(s.get_p99 for s in runs), max(s.get_p99 for s in runs)),
        gain=math.nan if math.isinf(base) and math.isinf(p99) else base / p99,
    )


def rotated(policies: Sequence[str], repetition: int) -> tuple[str, ...]:
    """The order of one repetition: each policy comes first, second, … equally often."""
    first = repetition % len(policies)
    return (*policies[first:], *policies[:first])
