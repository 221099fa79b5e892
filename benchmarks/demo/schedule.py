"""Which policy runs when: every repetition runs each policy once on equal requests, in an order that rotates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from benchmarks.demo.generator import Outcome
from benchmarks.demo.protocol import GET
from benchmarks.demo.results import Segment, percentile, rotated, segment
from benchmarks.demo.simulate import replay
from benchmarks.demo.store import answer, filled
from benchmarks.demo.trace import Load, Trace, draw

DEFAULT = "default"
"""Not a policy: the kernel's own choice, a hash of the flow."""
STALL_NS = 5_000_000
"""A CPU that stands still for longer shows in the latencies, whatever the policy."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run: a load on so many workers, the policies beside the default, how often, and the first seed.

    `spare_runs` is how many runs may be done again because the machine stood still.
    """

    policies: tuple[str, ...]
    load: Load
    workers: int = 6
    repetitions: int = 3
    seed: int = 1
    spare_runs: int = 6

    @property
    def names(self) -> tuple[str, ...]:
        return (DEFAULT, *self.policies)

    @property
    def runs(self) -> int:
        return self.repetitions * len(self.names)


class Ground(Protocol):
    """Where policies run: on a real service in the kernel, or in the interpreter."""

    def run(self, policy: str, trace: Trace) -> Outcome: ...


def run(plan: Plan, ground: Ground, started: Callable[[str, int], None]) -> tuple[Segment, ...]:
    """All runs, in order. `started` is told the policy and the repetition before each.

    A run during which the machine stood still is done again, `plan.spare_runs` times in all; of several runs for one
    that which was disturbed least counts.
    """
    segments = []
    spare = plan.spare_runs
    for repetition in range(plan.repetitions):
        seed = plan.seed + repetition
        trace = draw(plan.load, seed)
        for policy in rotated(plan.names, repetition):
            started(policy, repetition)
            tries = _tries(ground, policy, trace, spare)
            outcome, again = min(tries, key=lambda one: one.stall_ns), len(tries) - 1
            spare -= again
            check_replies(trace, outcome)
            expected = replay(trace, plan.load, plan.workers, outcome).latency_ns[trace.kind == GET]
            segments.append(segment(policy, seed, trace, outcome, plan.workers, percentile(expected, 0.99), again))
    return tuple(segments)


def _tries(ground: Ground, policy: str, trace: Trace, spare: int) -> list[Outcome]:
    tries = [ground.run(policy, trace)]
    while tries[-1].stall_ns > STALL_NS and len(tries) <= spare:
        tries.append(ground.run(policy, trace))
    return tries


def check_replies(trace: Trace, outcome: Outcome) -> None:
    """A fast answer that is wrong does not count."""
    store = filled()
    for index, reply in enumerate(outcome.replies):
        if reply is not None and reply != answer(store, trace.request(index), reply.worker):
            raise RuntimeError(f"the service answered request {index} wrongly: {reply}")
