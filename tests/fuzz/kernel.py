"""The third way: programs in the running kernel, asked over real sockets.

One reuse-port group serves all programs. What is attached to it is a stub, which calls the program in the slot of an
array: the next program costs a load and a store.
"""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from typing import Any, Final

from syrup import loader
from syrup._sys import maps, objects, programs, sockets, uapi
from syrup._sys.fd import Fd
from syrup._sys.ringbuf import RingMemory
from syrupc.datagram import Datagram
from syrupc.driver import compile_source
from syrupc.frontend.source import PolicySource
from syrupc.isa.assembly import parse_program
from syrupc.isa.codec import encode
from syrupc.kernel.headers import UDP
from syrupc.kernel.map_types import is_whole
from syrupc.kernel.profiles import DEFAULT_PROFILE
from syrupc.kernel.release import release
from syrupc.options import Options
from syrupc.spec import DROP, DROP_SLOT, FIRST_EXECUTOR_SLOT, PASS, PASS_SLOT, FaultKind, MapKind, MapSpec, ProgramSpec
from syrupc.verifier.verdict import VerifiedObject
from tests.fuzz import wholes
from tests.fuzz.contents import pack_key, unpack_all, unpack_entries
from tests.fuzz.layouts import pack
from tests.fuzz.sample import DESTINATIONS, SOURCES, Ask, Program
from tests.fuzz.statements import EXECUTORS
from tests.fuzz.ways import CHANCE, CLOCK, Observed, Place

# include/uapi: asm-generic/socket.h, linux/in.h, linux/udp.h, linux/in6.h
_SO_NO_CHECK: Final = 11
_IP_MTU_DISCOVER, _IP_PMTUDISC_DO = 10, 2
_UDP_NO_CHECK6_TX, _UDP_NO_CHECK6_RX = 101, 102
_IPV6_AUTOFLOWLABEL: Final = 70

_SLOT: Final = bytes(4)
_STUB: Final = """
    r2 = map({slot}) ll
    r3 = 0
    call {tail_call}
    r0 = 1
    exit
"""
# What the kernel computes over addresses and ports is the same for the same client: asked once.
_HASHES: Final = """
import syrup
seen = syrup.Array(syrup.u32, 1)
@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    seen[0] = pkt.flow_hash
    return syrup.PASS
"""


class Bench:
    """The group, its clients, and what is loaded for them. A process has one, and runs on one CPU."""

    def __init__(self) -> None:
        with ExitStack() as opened:
            self._open(opened, _free_port())
            self._opened = opened.pop_all()  # all of it, or nothing stays open

    def _open(self, opened: ExitStack, port: int) -> None:
        self.workers = [opened.enter_context(_worker(port)) for _ in range(EXECUTORS)]
        self.clients = {source: opened.enter_context(closing(Client(source))) for source in dict.fromkeys(SOURCES)}
        self.poll = select.poll()
        for worker in self.workers:
            self.poll.register(worker, select.POLLIN)
        executors = maps.create(maps.Shape(uapi.BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, 4, 8, EXECUTORS))
        self.executors = opened.enter_context(executors)
        for index, worker in enumerate(self.workers):
            maps.update(self.executors.fileno(), _key(index), worker.fileno().to_bytes(8, "little"))
        self.slot = opened.enter_context(maps.create(maps.Shape(uapi.BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 1)))
        opened.callback(maps.delete, self.slot.fileno(), _SLOT)
        self._attach()
        (cpu,) = os.sched_getaffinity(0)
        self.place = Place(cpu, port, {source: client.port for source, client in self.clients.items()})
        self.place = replace(self.place, hashes=self._hashes())

    def _attach(self) -> None:
        code = encode(parse_program(_STUB.format(slot=self.slot.fileno(), tail_call=uapi.BPF_FUNC_tail_call)))
        with programs.load(programs.ProgramCode(uapi.PROGRAM_TYPES["sk_reuseport"], "stub", code, "GPL")) as stub:
            sockets.attach_reuseport(self.workers[0].fileno(), stub.fileno())

    def _hashes(self) -> dict[tuple[str, str], int]:
        options = Options(kernel=DEFAULT_PROFILE, max_executors=EXECUTORS)
        kernel = Kernel(compile_source(PolicySource("hashes.py", _HASHES), options), Program(_HASHES, (), ()), self)
        ways = [(source, to) for source in SOURCES for to in ((source,) if ":" in source else DESTINATIONS)]
        try:
            asks = {way: Ask("policy", Datagram(b"", source=way[0], destination=way[1])) for way in ways}
            return {way: kernel.ask(ask).maps["seen"][0] for way, ask in asks.items()}
        finally:
            kernel.close()

    def takes(self, kernel: str) -> bool:
        """Whether what is compiled for this kernel is for the running one as well."""
        return release(kernel) <= release(".".join(os.uname().release.split(".")[:2]))

    def run(self, program: Fd) -> None:
        """The program that decides from now on."""
        maps.update(self.slot.fileno(), _SLOT, program.fileno().to_bytes(4, "little"))

    def send(self, datagram: Datagram) -> list[int]:
        """Who got the datagram. On loopback it has arrived, or is gone, when `sendto` returns."""
        self.clients[str(datagram.addresses[0])].send(datagram, self.place.port)
        ready = {fd for fd, _ in self.poll.poll(0)}
        arrived = [index for index, worker in enumerate(self.workers) if worker.fileno() in ready]
        for index in arrived:
            assert self.workers[index].recv(1 << 16) == datagram.payload
        return arrived

    def close(self) -> None:
        self._opened.close()


@contextmanager
def bench(cpu: int | None = None) -> Iterator[Bench]:
    """A bench, with this process on one CPU: per-CPU values are then in one place."""
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {sorted(cpus)[(cpu or 0) % len(cpus)]})
    try:
        with closing(Bench()) as made:
            yield made
    finally:
        os.sched_setaffinity(0, cpus)


class Kernel:
    """A policy file in the kernel."""

    name: Final = "kernel"

    def __init__(self, verified: VerifiedObject, program: Program, bench: Bench) -> None:
        spec = verified.object.spec
        assert spec is not None
        self.bench = bench
        self.loaded = loader.load(verified, maps={p.executors: bench.executors for p in spec.programs})
        self.specs = {p.name: p for p in spec.programs}
        self.declared = {m.name: m for m in spec.maps}
        self.shapes = {n: objects.map_info(fd.fileno()).shape for n, fd in self.loaded.descriptors.items()}
        self.rings = {
            m.name: RingMemory(self.loaded.descriptors[m.name].fileno(), m.max_entries)
            for m in spec.maps
            if m.kind is MapKind.RING_BUF
        }
        self.counts = {name: self._counters(p) for name, p in self.specs.items()}
        self.running = ""
        for preset in program.presets:
            self._store(self.declared[preset.map], preset.key, preset.value)

    def ask(self, ask: Ask) -> Observed:
        for name, value in ((CHANCE, ask.chance), (CLOCK, ask.clock)):
            if name in self.declared:
                self._store(self.declared[name], 0, value)
        if self.running != ask.policy:
            self.bench.run(self.loaded.programs[ask.policy])
            self.running = ask.policy
        arrived = self.bench.send(ask.datagram)
        spec = self.specs[ask.policy]
        before, now = self.counts[ask.policy], self._counters(spec)
        self.counts[ask.policy] = now
        (slot,) = (slot for slot, count in now.items() if count != before[slot])
        assert now[slot] == before[slot] + 1
        decision, fault = _outcome(spec, slot)
        assert arrived == ([] if decision == DROP else arrived[:1] if decision == PASS else [decision])
        assert bool(arrived) == (decision != DROP)
        shown = (name for name in self.declared if name not in (CHANCE, CLOCK))
        return Observed(decision, fault, {name: self._content(self.declared[name]) for name in shown})

    def close(self) -> None:
        for ring in self.rings.values():
            ring.close()
        self.loaded.close()
        for fd in self.loaded.descriptors.values():
            if fd is not self.bench.executors:
                fd.close()

    def _counters(self, spec: ProgramSpec) -> Mapping[int, int]:
        return {_number(key): _number(value) for key, value in self._entries(spec.counters)}

    def _content(self, declared: MapSpec) -> Any:
        match declared.kind:
            case MapKind.RING_BUF:
                return unpack_all(declared, self.rings[declared.name].take(declared.max_entries))
            case MapKind.QUEUE | MapKind.STACK:
                return unpack_all(declared, self._queued(declared))
            case MapKind.BLOOM:
                return ()
        return unpack_entries(declared, self._entries(declared.name))

    def _queued(self, declared: MapSpec) -> list[bytes]:
        """The values in a queue: they are taken out, and put back."""
        fd = self.loaded.descriptors[declared.name].fileno()
        values: list[bytes] = []
        while (value := maps.pop(fd, declared.value.size)) is not None:
            values.append(value)
        for value in values if declared.kind is MapKind.QUEUE else reversed(values):
            maps.update(fd, None, value)
        return values

    def _entries(self, name: str) -> Iterator[tuple[bytes, bytes]]:
        """The entries of a map; of a per-CPU kind, those of the CPU that decides."""
        shape = self.shapes[name]
        start = maps.stride(shape.value_size) * self.bench.place.cpu if shape.type in uapi.PER_CPU_TYPES else 0
        for key, value in maps.entries(self.loaded.descriptors[name].fileno(), shape):
            yield key, value[start : start + shape.value_size]

    def _store(self, declared: MapSpec, key: Any, value: Any) -> None:
        shape, stored = self.shapes[declared.name], pack(declared.value, value)
        if is_whole(declared):
            ((first, whole),) = self._entries(declared.name)
            stored = wholes.changed(declared, whole, key, value)
            maps.update(self.loaded.descriptors[declared.name].fileno(), first, stored)
            return
        if shape.type in uapi.PER_CPU_TYPES:
            step = maps.stride(shape.value_size)
            stored = (bytes(step * self.bench.place.cpu) + stored).ljust(shape.stored_size, b"\0")
        maps.update(
            self.loaded.descriptors[declared.name].fileno(), None if key is None else pack_key(declared, key), stored
        )


def _outcome(spec: ProgramSpec, slot: int) -> tuple[int, tuple[FaultKind, int] | None]:
    """The decision that a counter counts, and the fault."""
    if slot in (PASS_SLOT, DROP_SLOT):
        return (PASS if slot == PASS_SLOT else DROP), None
    for site in spec.faults:
        if site.slot == slot:
            return PASS, (site.kind, site.line)
    return slot - FIRST_EXECUTOR_SLOT, None


class Client:
    """A socket with this address. What the kernel chooses itself is 0: UDP checksum, identification, flow label."""

    def __init__(self, source: str) -> None:
        self.socket = made = socket.socket(socket.AF_INET6 if ":" in source else socket.AF_INET, socket.SOCK_DGRAM)
        with _closed_on_failure(made):
            made.bind((source, 0))
            made.setsockopt(socket.SOL_SOCKET, _SO_NO_CHECK, 1)
            if made.family == socket.AF_INET:
                made.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _IP_PMTUDISC_DO)
            else:
                made.setsockopt(socket.IPPROTO_UDP, _UDP_NO_CHECK6_TX, 1)
                made.setsockopt(socket.IPPROTO_IPV6, _IPV6_AUTOFLOWLABEL, 0)
        self._header: tuple[int, int, bytes] | None = None

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    def send(self, datagram: Datagram, port: int) -> None:
        self._prepare(datagram)
        payload, to = datagram.payload, (str(datagram.addresses[1]), port)
        linear = len(payload) if datagram.linear is None else datagram.linear - UDP.size
        if linear < len(payload):
            self.socket.sendto(payload[:linear], socket.MSG_MORE, to)
            payload = payload[linear:]  # comes to lie in pages
        self.socket.sendto(payload, to)

    def _prepare(self, datagram: Datagram) -> None:
        """Let the next datagram have these fields of the IP header."""
        header = datagram.ttl, datagram.tos, datagram.options
        if header == self._header:
            return
        if datagram.version == 4:
            self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, datagram.ttl)
            self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, datagram.tos)
            self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_OPTIONS, datagram.options)
        else:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_UNICAST_HOPS, datagram.ttl)
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, datagram.tos)
        self._header = header

    def close(self) -> None:
        self.socket.close()


def _worker(port: int) -> socket.socket:
    """A socket of the group, which takes IPv4 and IPv6."""
    made = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    with _closed_on_failure(made):
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        made.setsockopt(socket.IPPROTO_UDP, _UDP_NO_CHECK6_RX, 1)
        made.bind(("::", port))
        made.setblocking(False)
    return made


@contextmanager
def _closed_on_failure(made: socket.socket) -> Iterator[None]:
    try:
        yield
    except BaseException:
        made.close()
        raise


def _free_port() -> int:
    """A port that no group has. (With SO_REUSEPORT the kernel may choose one of a group of the same user.)"""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
        probe.bind(("::", 0))
        return int(probe.getsockname()[1])


def _key(index: int) -> bytes:
    return index.to_bytes(4, "little")


def _number(data: bytes) -> int:
    return int.from_bytes(data, "little")
