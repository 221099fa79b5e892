"""Where there are no rights for BPF: the compiled policies decide on the same datagrams in the project's interpreter.

Nothing is sent. Each policy runs, instruction by instruction, on every request's datagram, with its maps as they are at
that time; the workers are the queues of `benchmarks.demo.simulate`, with the nominal service times.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from benchmarks.demo.generator import Outcome
from benchmarks.demo.schedule import DEFAULT
from benchmarks.demo.simulate import Moment, simulate
from benchmarks.demo.tokens import INTERVAL_NS, budget
from benchmarks.demo.trace import Load, Trace
from syrupc.datagram import Datagram
from syrupc.simulate import Simulation
from syrupc.verifier.verdict import VerifiedObject

HOW: Final = (
    "Simulated: each policy ran in the project's own interpreter on every datagram; the latencies are those of an "
    "exact simulation of the workers' queues, not measured. insns: the instructions that a decision executes."
)

_FIRST_SOURCE_PORT: Final = 40_000


@dataclass(slots=True)
class Interpreted:
    """The policies by name, ready to run. `cost` fills with the mean number of instructions of a decision."""

    policies: Mapping[str, VerifiedObject]
    load: Load
    workers: int
    cost: dict[str, float] = field(default_factory=dict)

    def run(self, policy: str, trace: Trace) -> Outcome:
        datagrams = _datagrams(trace)
        if policy == DEFAULT:
            return simulate(trace, self.load, self.workers, lambda moment: self._by_hash(datagrams[moment.index]))
        deciding = self._deciding(policy)
        executed = 0

        def choose(moment: Moment) -> int | None:
            nonlocal executed
            deciding.publish(moment)
            datagram = datagrams[moment.index]
            decision = deciding.simulation.decide(datagram)
            executed += decision.executed
            if decision.drop:
                return None
            return self._by_hash(datagram) if decision.executor is None else decision.executor

        outcome = simulate(trace, self.load, self.workers, choose)
        self.cost[policy] = executed / len(trace)
        return outcome

    def _by_hash(self, datagram: Datagram) -> int:
        """The default: the kernel scales the flow's hash to the number of sockets."""
        return datagram.flow_hash * self.workers >> 32

    def _deciding(self, policy: str) -> _Deciding:
        verified = self.policies[policy]
        spec = verified.object.spec
        assert spec is not None, "compiled by us"
        (program,) = (program for program in spec.programs if program.name == policy)
        simulation = Simulation(verified.object, program, executors=self.workers)
        return _Deciding(simulation, frozenset(each.name for each in spec.maps), self.load)


@dataclass(slots=True)
class _Deciding:
    """A policy with fresh maps, and what user space stores into them."""

    simulation: Simulation
    maps: frozenset[str]
    load: Load
    served: list[int] = field(default_factory=list)
    refill_ns: int = 0

    def publish(self, moment: Moment) -> None:
        """What the workers serve, where that changed, and the tokens of a new interval."""
        if "serving" in self.maps and moment.serving != self.served:
            self.served = list(moment.serving)
            for worker, kind in enumerate(moment.serving):
                self.simulation.store("serving", worker, kind)
        if "left" in self.maps and moment.now_ns >= self.refill_ns:
            for user, tokens in budget(self.load).items():
                self.simulation.store("left", user, tokens)
            self.refill_ns = (moment.now_ns // INTERVAL_NS + 1) * INTERVAL_NS


def _datagrams(trace: Trace) -> list[Datagram]:
    """The requests as they would arrive. The flows' hashes are drawn once a trace, as for a client with fresh ports."""
    hashes = np.random.default_rng(int(trace.due_ns[-1])).integers(0, 1 << 32, trace.flows).tolist()
    flows = trace.flow.tolist()
    return [
        Datagram(payload, _FIRST_SOURCE_PORT + flow, hashes[flow])
        for flow, payload in zip(flows, trace.datagrams(), strict=True)
    ]
