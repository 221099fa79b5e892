"""The real thing: policies attached to the service's sockets, deciding in the kernel on real datagrams."""

from __future__ import annotations

import contextlib
import os
import statistics
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, Final

import syrup
from benchmarks.burst import NO_DECISION, Burst, Subject, by_hand, silent_group, take_turns
from benchmarks.demo import workers
from benchmarks.demo.generator import Outcome, drive
from benchmarks.demo.schedule import DEFAULT
from benchmarks.demo.tokens import budget, refilled
from benchmarks.demo.trace import Load, Trace
from syrup import privileges
from syrup.maps import descriptor

Policies = Mapping[str, Any]

_SILENCE_SCANS: Final = 5
"""A worker with requests in its queue answers one at least every SCAN; so many without an answer, and none is left."""
_ROUNDS: Final = 5
_ENOUGH_TOKENS: Final = 1 << 60


@dataclass(frozen=True, slots=True)
class Steered:
    """A running service, and the policies by name."""

    service: workers.Service
    policies: Policies
    load: Load

    @property
    def how(self) -> str:
        """What was measured, in a sentence."""
        load = self.load
        return (
            f"Padded mode: {len(self.service.pids)} worker processes answer every request from their store, then wait "
            f"until a GET took {load.get_us / 1000:g} ms and a SCAN {load.scan_us / 1000:g} ms, as if for a backend. "
            "Real sockets, real datagrams; the waiting emulates workers with a core each. Where it is permitted all "
            "processes run at a real-time priority, under every policy alike. ns: the kernel's own measure of a "
            "decision, on back-to-back datagrams."
        )

    def run(self, policy: str, trace: Trace) -> Outcome:
        if policy == DEFAULT:
            return self._drive(trace)
        chosen = self.policies[policy]
        with ExitStack() as stack:
            link = stack.enter_context(syrup.attach(chosen, hook="socket", port=self.service.port))
            if "left" in link.maps:
                stack.enter_context(refilled(link.maps.left, self.load))
            outcome = self._drive(trace)
            return replace(outcome, dropped=link.stats().dropped)

    def _drive(self, trace: Trace) -> Outcome:
        address = workers.HOST, self.service.port
        with _ahead_of_others():
            return drive(trace, address, silence_s=_SILENCE_SCANS * self.load.scan_us / 1e6)


@contextlib.contextmanager
def steered(policies: Policies, load: Load, count: int) -> Iterator[Steered]:
    """Start the service; its workers publish what they serve in `scan_avoid`'s map, under every policy alike."""
    status = descriptor(policies["scan_avoid"].maps.serving).fileno() if "scan_avoid" in policies else None
    with ExitStack() as stack:
        with _ahead_of_others():  # which the workers inherit
            service = stack.enter_context(workers.running(count, load.get_us, load.scan_us, status))
        yield Steered(service, policies, load)


@contextlib.contextmanager
def _ahead_of_others() -> Iterator[None]:
    """At a real-time priority, where that is permitted: what else the machine does is not what is measured."""
    policy, parameters = os.sched_getscheduler(0), os.sched_getparam(0)
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameters)


def costs_ns(policies: Policies, trace: Trace, load: Load, count: int) -> dict[str, float]:
    """Each policy's time for a decision, as the kernel measures it on back-to-back datagrams, without the measuring.

    Empty where this process may not let the kernel measure.
    """
    if not privileges.may_measure():
        return {}
    payloads = trace.datagrams()
    with ExitStack() as stack:
        subjects = {DEFAULT: stack.enter_context(_undecided(payloads, count))}
        for name, policy in policies.items():
            subjects[name] = stack.enter_context(_deciding(policy, payloads, load, count))
        samples = take_turns(subjects, _ROUNDS)
    measuring = statistics.median(samples.pop(DEFAULT))
    return {name: statistics.median(taken) - measuring for name, taken in samples.items()}


@contextlib.contextmanager
def _deciding(policy: Any, payloads: list[bytes], load: Load, count: int) -> Iterator[Subject]:
    with silent_group(count) as group, syrup.attach(policy, sockets=group.sockets) as link:
        if "left" in link.maps:
            link.maps.left.update(dict.fromkeys(budget(load), _ENOUGH_TOKENS))
        yield Subject(link.record.groups[0].stub, Burst(payloads, group.port))


@contextlib.contextmanager
def _undecided(payloads: list[bytes], count: int) -> Iterator[Subject]:
    with silent_group(count) as group, by_hand(NO_DECISION, group) as program:
        yield Subject(program, Burst(payloads, group.port))
