"""A compiled policy decides on datagrams in the project's interpreter: exact, without rights, without a kernel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from syrupc.datagram import Datagram
from syrupc.isa.insn import Insn
from syrupc.isa.machine import CellMap, ExecutorMap, Image, Machine, Shape, SimMap, World, make_map
from syrupc.isa.machine.contexts import ETH_HEADER, Context, sk_reuseport
from syrupc.isa.machine.queues import Queue
from syrupc.isa.opcodes import WIDE_MAP, WIDE_MAP_VALUE
from syrupc.kernel.headers import ETHERTYPES
from syrupc.lang.kinds import over_simulated
from syrupc.lang.maps import Map
from syrupc.lang.queues import Bloom, Ordered
from syrupc.lang.rings import RingBuf
from syrupc.objfile.model import MapDefinition, Object, Program, RelocationKind
from syrupc.spec import DROP_SLOT, FIRST_EXECUTOR_SLOT, FaultSite, IntType, ProgramSpec

_WIDE_SOURCES: Final = {RelocationKind.MAP: WIDE_MAP, RelocationKind.MAP_VALUE: WIDE_MAP_VALUE}


@dataclass(frozen=True, slots=True)
class Decision:
    """What came of one datagram, as the policy's own counters say: one of `executor`, PASS (both unset) and `drop`;
    the faults that ended it; the instructions it took; the lines it traced."""

    executor: int | None
    drop: bool
    faults: tuple[FaultSite, ...]
    executed: int
    trace: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.executor is not None:
            return f"executor {self.executor}"
        return "DROP" if self.drop else "PASS"


class Simulation:
    """One program of an object of ours, with maps that keep their contents from one datagram to the next.

    `maps` has those that the policy declared, by name, as the classes of the language: entries can be read and stored,
    and events that the policy emitted be read.

    The first `executors` slots of its executor map are live. Without a `world`, chance and time are those of seed 0,
    and the CPU is the first of `cpus`. `shared` are maps that others see too, by name; all other maps are its own.
    """

    def __init__(
        self,
        obj: Object,
        spec: ProgramSpec,
        *,
        executors: int,
        world: World | None = None,
        cpus: int = 1,
        shared: Mapping[str, SimMap] | None = None,
    ) -> None:
        (program,) = (each for each in obj.programs if each.name == spec.name)
        self.spec = spec
        self.declared = {each.name: each for each in obj.spec.maps} if obj.spec else {}
        self._maps = {m.name: _new_map(m, cpus) for m in obj.maps} | dict(shared or {})
        declared = {name: over_simulated(each, self._maps[name]) for name, each in self.declared.items()}
        self.maps: Mapping[str, Any] = MappingProxyType(declared)
        slots = self._maps[spec.executors]
        assert isinstance(slots, ExecutorMap)
        slots.fill(range(min(executors, spec.max_executors)))
        counters = self._maps[spec.counters]
        assert isinstance(counters, CellMap)
        self._counters = counters
        self._executor_slots = range(FIRST_EXECUTOR_SLOT, FIRST_EXECUTOR_SLOT + spec.max_executors)
        self._machine = Machine(image(program, self._maps), world)

    def store(self, name: str, key: Any, value: Any) -> None:
        """Put an entry into a map that the policy declared; of kinds without keys the key is `None`.

        Integers, records, and for the key of a trie a pair of address and length. Raises `KeyError` for another name,
        `ValueError` for a key or an integer that the map cannot hold, `TypeError` for another type, `MapFull`.
        """
        found = self.maps[name]
        value_type = found.spec.value
        if isinstance(value_type, IntType) and isinstance(value, int) and not value_type.holds(value):
            raise ValueError(f"value {value} is no {value_type}")
        if key is None:
            _put(found, value)
        elif found.spec.key is None:
            raise TypeError(f"{found!r} has no keys")
        else:
            _set(found, key, value)

    def content(self, name: str) -> dict[Any, Any] | list[Any]:
        """The entries of a map that the policy declared; of a per-CPU map, the totals over the CPUs.

        Of a queue or stack, its values in the order in which they would be taken out; of a ring buffer, the events
        since it was read last. `TypeError` for a Bloom filter, which nobody can list.
        """
        found, stored = self.maps[name], self._maps[name]
        match found:
            case RingBuf():
                return found.read()
            case Ordered():
                assert isinstance(stored, Queue)
                return [found._load(value) for value in stored.values()]
            case Bloom():
                raise TypeError("the values of a Bloom filter cannot be listed")
        return dict(found.items())

    def decide(self, datagram: Datagram) -> Decision:
        """Run the program once. Raises `MachineError` where it does what no program may do."""
        before = _counted(self._counters)
        result = self._machine.run(_context(datagram))
        changed = {slot for slot, count in _counted(self._counters).items() if count != before.get(slot)}
        faults = tuple(site for site in self.spec.faults if site.slot in changed)
        executor = next((slot - FIRST_EXECUTOR_SLOT for slot in changed if slot in self._executor_slots), None)
        traced = tuple(line.rstrip("\n") for line in result.trace)
        return Decision(executor, DROP_SLOT in changed, faults, result.executed, traced)


def _counted(counters: CellMap) -> dict[int, int]:
    """The counters that were touched at all, each over all CPUs."""
    return {
        int.from_bytes(key, "little"): sum(int.from_bytes(value.data, "little") for value in values)
        for key, values in counters.cells.items()
    }


def _new_map(definition: MapDefinition, cpus: int) -> SimMap:
    shape = Shape(definition.type, definition.key_size, definition.value_size, definition.max_entries)
    made = make_map(shape, cpus)
    if definition.initial is not None:
        made.update(bytes(4), definition.initial)
    return made


def _context(datagram: Datagram) -> Context:
    """The datagram as a reuse-port program is given it, behind an empty link-layer header, as on loopback."""
    return sk_reuseport(
        datagram.segment(),
        linear=datagram.linear,
        head=bytes(ETH_HEADER) + datagram.network(),
        mac=0,
        network=ETH_HEADER,
        eth_protocol=ETHERTYPES[f"ip{datagram.version}"],
        hash=datagram.flow_hash,
    )


def _set(found: Any, key: Any, value: Any) -> None:
    try:
        found[key] = value
    except LookupError:
        raise ValueError(f"there can be no key {key}") from None


def _put(found: Map, value: Any) -> None:
    match found:
        case Ordered():
            found.push(value)
        case Bloom():
            found.add(value)
        case _:
            raise TypeError(f"nothing can be put into {found!r} without a key")


def image(program: Program, maps: dict[str, SimMap]) -> Image:
    """The program with the place of each map in the table as the immediate of the loads that name it."""
    names = list(maps)
    insns: list[Insn] = list(program.insns)
    for relocation in program.relocations:
        slot, source = relocation.slot, _WIDE_SOURCES[relocation.kind]
        insns[slot] = replace(insns[slot], src=source, imm=names.index(relocation.target))
        if relocation.kind is RelocationKind.MAP_VALUE:
            insns[slot + 1] = replace(insns[slot + 1], imm=relocation.addend)
    return Image(insns, dict(enumerate(maps.values())), program.name)
