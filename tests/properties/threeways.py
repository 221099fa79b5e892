"""Three ways to run one policy: as Python over the language's integers, in the interpreter, in the kernel."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace

from syrup.stats import Stats
from syrupc.datagram import Datagram
from syrupc.driver import compile_source
from syrupc.errors import CompileError, VerificationError
from syrupc.frontend.source import PolicySource
from syrupc.kernel.headers import UDP
from syrupc.options import Options
from syrupc.simulate import Simulation
from syrupc.spec import DROP, INT_TYPES, PASS, FaultKind
from syrupc.verifier.verdict import VerifiedObject
from tests.properties import reference
from tests.properties.programs import MAPS, SOURCES

EXECUTORS = 8
# What a generated policy may be rejected for: its types, which the generator does not track.
_TYPE_CODES = {"SYR201", "SYR202", "SYR203", "SYR206"}
_TOO_COSTLY = "SYR516"
# include/uapi: asm-generic/socket.h, linux/in.h, linux/udp.h, linux/in6.h
_SO_NO_CHECK = 11
_IP_MTU_DISCOVER, _IP_PMTUDISC_DO = 10, 2
_UDP_NO_CHECK6_TX, _UDP_NO_CHECK6_RX = 101, 102
_IPV6_AUTOFLOWLABEL = 70


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
        packet = reference.Packet(datagram.network(), datagram.segment(), datagram.flow_hash)
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
    """A reuse-port group that takes IPv4 and IPv6, and clients on loopback whose ports are known."""

    def __init__(self) -> None:
        self.workers = [socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) for _ in range(EXECUTORS)]
        for worker in self.workers:
            worker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            worker.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            worker.setsockopt(socket.IPPROTO_UDP, _UDP_NO_CHECK6_RX, 1)
            worker.bind(("::", self.workers[0].getsockname()[1] if worker is not self.workers[0] else 0))
            worker.setblocking(False)
        self.clients = {source: _client(source) for source in SOURCES}

    def as_sent(self, datagram: Datagram) -> Datagram:
        """The datagram with the ports that it will have."""
        source_port = self.clients[str(datagram.addresses[0])].getsockname()[1]
        return replace(datagram, source_port=source_port, destination_port=self.workers[0].getsockname()[1])

    def send(self, datagram: Datagram) -> int | None:
        """Which worker got it. On loopback a datagram has arrived, or is gone, when `sendto` returns."""
        client, payload = self.clients[str(datagram.addresses[0])], datagram.payload
        _prepare(client, datagram)
        to = (str(datagram.addresses[1]), datagram.destination_port)
        linear = len(payload) if datagram.linear is None else datagram.linear - UDP.size
        if linear < len(payload):
            client.sendto(payload[:linear], socket.MSG_MORE, to)
            payload = payload[linear:]  # comes to lie in pages
        client.sendto(payload, to)
        for index, worker in enumerate(self.workers):
            try:
                received = worker.recv(1 << 16)
            except BlockingIOError:
                continue
            assert received == datagram.payload
            return index
        return None

    def close(self) -> None:
        for each in (*self.workers, *self.clients.values()):
            each.close()


def _client(source: str) -> socket.socket:
    """A socket with this address. What the kernel chooses itself is 0: UDP checksum, identification, flow label."""
    client = socket.socket(socket.AF_INET6 if ":" in source else socket.AF_INET, socket.SOCK_DGRAM)
    client.bind((source, 0))
    client.setsockopt(socket.SOL_SOCKET, _SO_NO_CHECK, 1)
    if client.family == socket.AF_INET:
        client.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _IP_PMTUDISC_DO)
    else:
        client.setsockopt(socket.IPPROTO_UDP, _UDP_NO_CHECK6_TX, 1)
        client.setsockopt(socket.IPPROTO_IPV6, _IPV6_AUTOFLOWLABEL, 0)
    return client


def _prepare(client: socket.socket, datagram: Datagram) -> None:
    """Let the next datagram have these fields of the IP header."""
    if datagram.version == 4:
        client.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, datagram.ttl)
        client.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, datagram.tos)
        client.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, datagram.options)
    else:
        client.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, datagram.ttl)
        client.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, datagram.tos)


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
