"""Every policy gets the same requests, equally often, in rotated order; wrong answers end the run."""

import math
from dataclasses import dataclass, field, replace

import pytest

from benchmarks.demo.generator import Outcome
from benchmarks.demo.protocol import GET, Message
from benchmarks.demo.schedule import DEFAULT, STALL_NS, Plan, check_replies, run
from benchmarks.demo.simulate import simulate
from benchmarks.demo.store import answer, filled
from benchmarks.demo.trace import Load, Trace, draw

LOAD = Load(rate=500, seconds=0.2)


@dataclass
class Recorder:
    """A ground that serves everything at worker 0 and remembers what it was asked."""

    asked: list[tuple[str, list[bytes]]] = field(default_factory=list)
    stalls: list[int] = field(default_factory=list)

    def run(self, policy: str, trace: Trace) -> Outcome:
        self.asked.append((policy, trace.datagrams()))
        stall = self.stalls.pop(0) if self.stalls else 0
        return replace(simulate(trace, LOAD, 2, lambda _: 0), stall_ns=stall)


def _silent(_policy: str, _repetition: int) -> None:
    """Nobody watches."""


def test_each_repetition_runs_every_policy_once_on_equal_requests() -> None:
    ground = Recorder()
    plan = Plan(("a", "b"), LOAD, workers=2, repetitions=2, seed=5)

    segments = run(plan, ground, _silent)

    assert [policy for policy, _ in ground.asked] == [DEFAULT, "a", "b", "a", "b", DEFAULT]
    assert [s.seed for s in segments] == [5, 5, 5, 6, 6, 6]
    first, second = ground.asked[:3], ground.asked[3:]
    assert all(datagrams == first[0][1] for _, datagrams in first)
    assert all(datagrams == second[0][1] for _, datagrams in second)
    assert first[0][1] != second[0][1]


def test_progress_is_told_before_each_run() -> None:
    told: list[tuple[str, int]] = []
    plan = Plan(("a",), LOAD, workers=2, repetitions=2)

    run(plan, Recorder(), lambda policy, repetition: told.append((policy, repetition)))

    assert told == [(DEFAULT, 0), ("a", 0), ("a", 1), (DEFAULT, 1)]
    assert len(told) == plan.runs


def test_a_simulated_run_takes_what_the_simulation_expects() -> None:
    (measured, *_) = run(Plan((), LOAD, workers=2, repetitions=1), Recorder(), _silent)

    assert measured.get_p99 == measured.expected_p99 < math.inf


def test_a_run_on_a_machine_that_stood_still_is_done_again() -> None:
    ground = Recorder(stalls=[0, STALL_NS + 1, STALL_NS + 1, STALL_NS])

    segments = run(Plan(("a",), LOAD, workers=2, repetitions=1), ground, _silent)

    assert [policy for policy, _ in ground.asked] == [DEFAULT, "a", "a", "a"]
    assert [(s.policy, s.again, s.stall_ns) for s in segments] == [(DEFAULT, 0, 0), ("a", 2, STALL_NS)]


def test_runs_are_not_done_again_forever_and_the_least_disturbed_counts() -> None:
    ground = Recorder(stalls=[4 * STALL_NS, 3 * STALL_NS, 2 * STALL_NS, 5 * STALL_NS, STALL_NS + 1, STALL_NS + 2])

    segments = run(Plan(("a", "b"), LOAD, workers=2, repetitions=1, spare_runs=3), ground, _silent)

    assert [s.again for s in segments] == [3, 0, 0]
    assert [s.stall_ns for s in segments] == [2 * STALL_NS, STALL_NS + 1, STALL_NS + 2]


def answered(trace: Trace, changed: Message | None = None) -> Outcome:
    replies = [answer(filled(), trace.request(index), 0) for index in range(len(trace))]
    if changed is not None:
        replies[0] = changed
    return replace(simulate(trace, LOAD, 1, lambda _: 0), replies=tuple(replies))


def test_right_answers_pass() -> None:
    trace = draw(LOAD, seed=1)

    check_replies(trace, answered(trace))


def test_a_wrong_answer_ends_the_run() -> None:
    trace = draw(LOAD, seed=1)

    with pytest.raises(RuntimeError, match="answered request 0 wrongly"):
        check_replies(trace, answered(trace, Message(GET, 1, 1, 1, 0, content=b"wrong")))
