"""Three ways to run one policy: as Python over the language's integers, in the interpreter, in the kernel."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from syrup.stats import Stats
from syrupc.datagram import Datagram
from syrupc.driver import compile_source
from syrupc.errors import CompileError, VerificationError
from syrupc.frontend.source import PolicySource
from syrupc.options import Options
from syrupc.simulate import Simulation
from syrupc.spec import DROP, INT_TYPES, PASS, FaultKind
from syrupc.verifier.verdict import VerifiedObject
from tests.properties import reference
from tests.properties.programs import MAPS

EXECUTORS = 8
# What a generated policy may be rejected for: its types, which the generator does not track.
_TYPE_CODES = {"SYR201", "SYR202", "SYR203", "SYR206"}
_TOO_COSTLY = "SYR516"


@dataclass(frozen=True)
class Observed:
    """What one run did, as any of the three ways tells it."""

    decision: int
    fault: tuple[FaultKind, int] | None
    maps: Mapping[str, Mapping[int, int]]


def compiled(text: str, kernel: str) -> VerifiedObject | None:
    """The policy, or None if its types do not fit, or it is too costly. Anything else unproven is a failure."""
    try:
        return compile_source(PolicySource("policy.py", text), Options(kernel=kernel, max_executors=EXECUTORS))
    except CompileError as error:
        if not {d.code for d in error.diagnostics} <= _TYPE_CODES:
            raise
        return None
    except VerificationError as error:
        if {d.code for d in error.diagnostics} != {_TOO_COSTLY}:
            raise
        return None


class Python:
    """The policy as a Python function."""

    def __init__(self, text: str) -> None:
        self.tables = {
            m.name: reference.Table(INT_TYPES[m.key], INT_TYPES[m.value], m.entries, m.kind.indexed) for m in MAPS
        }
        self.policy = reference.Reference(text, "policy", self.tables, EXECUTORS)

    def run(self, datagram: Datagram) -> Observed:
        packet = reference.Packet(
            reference.View(datagram.payload),
            reference.Num(datagram.source_port),
            reference.Num(datagram.flow_hash),
        )
        outcome = self.policy.run(packet)
        return Observed(outcome.decision, outcome.fault, outcome.maps)


class Interpreter:
    """The policy's bytecode in the interpreter."""

    def __init__(self, verified: VerifiedObject) -> None:
        spec = verified.object.spec
        assert spec is not None
        self.simulation = Simulation(verified.object, spec.programs[0], executors=EXECUTORS)

    def run(self, datagram: Datagram) -> Observed:
        decided = self.simulation.decide(datagram)
        decision = decided.executor if decided.executor is not None else DROP if decided.drop else PASS
        (fault,) = ((f.kind, f.line) for f in decided.faults) if decided.faults else (None,)
        return Observed(decision, fault, {m.name: self.simulation.content(m.name) for m in MAPS})


class Kernel:
    """The policy in the kernel, over real sockets."""

    def __init__(self, verified: VerifiedObject, group: Group) -> None:
        import syrup

        self.group = group
        self.link = syrup.attach(verified, hook="socket", sockets=group.workers)
        self.before = self.link.stats()

    def close(self) -> None:
        self.link.close()

    def run(self, datagram: Datagram) -> Observed:
        arrived = self.group.send(datagram)
        now = self.link.stats()
        decision, fault = _difference(self.before, now)
        self.before = now
        if decision not in (PASS, DROP):
            assert arrived == decision
        assert (arrived is None) == (decision == DROP)
        maps = {m.name: dict(self.link.maps[m.name].items()) for m in MAPS}
        return Observed(decision, fault, maps)


class Group:
    """A reuse-port group on loopback, and a client whose port is known."""

    def __init__(self) -> None:
        self.workers = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(EXECUTORS)]
        for worker in self.workers:
            worker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            worker.bind(("127.0.0.1", self.workers[0].getsockname()[1] if worker is not self.workers[0] else 0))
            worker.setblocking(False)
        self.client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.client.bind(("127.0.0.1", 0))

    @property
    def source_port(self) -> int:
        return int(self.client.getsockname()[1])

    def send(self, datagram: Datagram) -> int | None:
        """Which worker got it. On loopback a datagram has arrived, or is gone, when `sendto` returns."""
        self.client.sendto(datagram.payload, self.workers[0].getsockname())
        for index, worker in enumerate(self.workers):
            try:
                received = worker.recv(1 << 16)
            except BlockingIOError:
                continue
            assert received == datagram.payload
            return index
        return None

    def close(self) -> None:
        for each in (*self.workers, self.client):
            each.close()


@contextmanager
def loopback_group() -> Iterator[Group]:
    """A group, with this process on one CPU: per-CPU values are then in one place."""
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})
    group = Group()
    try:
        yield group
    finally:
        group.close()
        os.sched_setaffinity(0, cpus)


def _difference(before: Stats, now: Stats) -> tuple[int, tuple[FaultKind, int] | None]:
    """The one thing that was counted in between."""
    counted = [i for i, (b, n) in enumerate(zip(before.executors, now.executors, strict=True)) if n > b]
    known = {(f.kind, f.line, f.column): f.count for f in before.faults}
    faults = [(FaultKind(f.kind), f.line) for f in now.faults if f.count > known.get((f.kind, f.line, f.column), 0)]
    passed, dropped = now.passed > before.passed, now.dropped > before.dropped
    assert len(counted) + len(faults) + passed + dropped == 1
    if counted:
        return counted[0], None
    return DROP if dropped else PASS, faults[0] if faults else None
