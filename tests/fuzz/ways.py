"""The three ways to run a policy file, each asked the same things: as Python, in the interpreter, in the kernel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from syrupc.datagram import Datagram
from syrupc.isa.machine import Shape, World, make_map
from syrupc.isa.machine.queues import Bloom, Queue, RingBuffer
from syrupc.kernel.map_types import is_whole
from syrupc.simulate import Simulation
from syrupc.spec import DROP, PASS, FaultKind
from syrupc.verifier.verdict import VerifiedObject
from tests.fuzz import reference, wholes
from tests.fuzz.contents import pack_key, unpack_all, unpack_entries
from tests.fuzz.layouts import pack
from tests.fuzz.sample import Ask, Preset, Program
from tests.fuzz.statements import EXECUTORS


@dataclass(frozen=True, slots=True)
class Observed:
    """What one decision did, as any of the ways tells it; `trace` is None where that is not known."""

    decision: int
    fault: tuple[FaultKind, int] | None
    maps: Mapping[str, Any]
    trace: tuple[str, ...] | None = None

    def agrees(self, other: Observed) -> bool:
        """Whether it is the same as far as both tell."""
        known = None not in (self.trace, other.trace)
        return replace(self, trace=None) == replace(other, trace=None) and (not known or self.trace == other.trace)

    def __str__(self) -> str:
        decided = {PASS: "PASS", DROP: "DROP"}.get(self.decision, f"executor {self.decision}")
        fault = f"{self.fault[0].value} in line {self.fault[1]}, " if self.fault else ""
        trace = f", trace {self.trace}" if self.trace else ""
        return f"{fault}{decided}, maps {self.maps}{trace}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where decisions are made: the CPU, and what is known of datagrams once they are sent.

    `hashes` has the flow hash for each source and destination, `ports` the ports of each source and of all workers.
    """

    cpu: int = 0
    port: int = 9000
    ports: Mapping[str, int] = field(default_factory=dict)
    hashes: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def as_sent(self, datagram: Datagram) -> Datagram:
        """The datagram with the ports and the flow hash that it will have."""
        source, destination = map(str, datagram.addresses)
        return replace(
            datagram,
            source_port=self.ports.get(source, 40_000),
            destination_port=self.port,
            flow_hash=self.hashes.get((source, destination), 0x9E3779B9),
        )


class Way(Protocol):
    """One way to run a policy file; maps keep their contents from one decision to the next."""

    name: str

    def ask(self, ask: Ask) -> Observed: ...

    def close(self) -> None: ...


class Python:
    """CPython, over the language's integers."""

    name: Final = "Python"

    def __init__(self, program: Program, place: Place) -> None:
        self.place = place
        self.file = reference.Reference(program.text, EXECUTORS)
        for preset in program.presets:
            self.file.tables[preset.map].preset(preset.key, preset.value)

    def ask(self, ask: Ask) -> Observed:
        world = self.file.world
        world.chance, world.clock, world.cpu = ask.chance, ask.clock, self.place.cpu
        datagram = self.place.as_sent(ask.datagram)
        packet = reference.Packet(datagram.network(), datagram.segment(), datagram.flow_hash)
        outcome = self.file.run(ask.policy, packet)
        return Observed(outcome.decision, outcome.fault, outcome.maps, outcome.trace)

    def close(self) -> None:
        """There is nothing to free."""


class Interpreter:
    """The bytecode, in the project's interpreter."""

    def __init__(self, verified: VerifiedObject, program: Program, place: Place) -> None:
        self.name = f"interpreter, compiled for {verified.verdict.profile}"
        self.place = place
        spec = verified.object.spec
        assert spec is not None
        declared = {m.name for m in spec.maps}
        shared = {
            m.name: make_map(Shape(m.type, m.key_size, m.value_size, m.max_entries), place.cpu + 1)
            for m in verified.object.maps
            if m.name in declared
        }
        self.asked = Ask("", Datagram(b""))
        world = World(lambda: self.asked.chance, lambda: self.asked.clock, (place.cpu,))
        options = {"executors": EXECUTORS, "world": world, "cpus": place.cpu + 1, "shared": shared}
        self.programs = {p.name: Simulation(verified.object, p, **options) for p in spec.programs}
        self.maps = {m.name: (m, shared[m.name]) for m in spec.maps}
        for preset in program.presets:
            self._preset(preset)

    def _preset(self, preset: Preset) -> None:
        declared, held = self.maps[preset.map]
        value = pack(declared.value, preset.value)
        if isinstance(held, Queue | Bloom):
            held.push(value, 0)
        elif is_whole(declared):
            whole = held.find(bytes(4), self.place.cpu)
            assert whole is not None
            whole.data[:] = wholes.changed(declared, bytes(whole.data), preset.key, preset.value)
        else:
            held.put(pack_key(declared, preset.key), value, 0, self.place.cpu)

    def ask(self, ask: Ask) -> Observed:
        self.asked = ask
        decided = self.programs[ask.policy].decide(self.place.as_sent(ask.datagram))
        decision = decided.executor if decided.executor is not None else DROP if decided.drop else PASS
        assert len(decided.faults) <= 1
        fault = next(((f.kind, f.line) for f in decided.faults), None)
        return Observed(decision, fault, {name: self._content(name) for name in self.maps}, decided.trace)

    def _content(self, name: str) -> Any:
        declared, held = self.maps[name]
        match held:
            case RingBuffer():
                return unpack_all(declared, held.consume())
            case Queue():
                return unpack_all(declared, held.values())
            case Bloom():
                return ()
        found = ((key, held.find(key, self.place.cpu)) for key in held.keys())  # noqa: SIM118 -- no dict
        return unpack_entries(declared, ((key, bytes(value.data)) for key, value in found if value is not None))

    def close(self) -> None:
        """There is nothing to free."""


def without_world(program: Program) -> Program:
    """The same policies, where chance and time come from maps: for the kernel, which has its own.

    Lines stay where they are.
    """
    text = program.text.replace("syrup.random()", f"{CHANCE}[0]").replace("syrup.now_ns()", f"{CLOCK}[0]")
    if text == program.text:
        return program
    declarations = f"{CHANCE} = syrup.Array(syrup.u32, 1)\n{CLOCK} = syrup.Array(syrup.u64, 1)\n"
    return replace(program, text=text + declarations)


CHANCE: Final = "world_chance"
CLOCK: Final = "world_clock"
