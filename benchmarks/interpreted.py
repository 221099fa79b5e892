"""Programs for the socket hook in the project's interpreter: what they decided, what they left, and what it took."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.inputs import Case
from syrupc.isa.machine import Context, ExecutorMap, Machine, Result, Shape, SimMap, World, make_map, sk_reuseport
from syrupc.objfile.model import Object
from syrupc.simulate import Datagram, image
from syrupc.spec import DROP_SLOT, FIRST_EXECUTOR_SLOT, PASS_SLOT, MapKind, MapSpec, ProgramSpec

_VARIABLE: Final = ".data."
_SK_DROP: Final = 0
_UDP_HEADER: Final = 8
_GOLDEN: Final = 0x9E37_79B9


@dataclass(frozen=True, slots=True)
class Ran:
    """A case from its first to its last datagram: each decision, what the maps hold afterwards, how often each outcome
    was counted (`None` if the program counts nothing), and the instructions of a decision on average."""

    decisions: tuple[str, ...]
    contents: Mapping[str, Mapping[int, int]]
    counted: Mapping[str, int] | None
    executed: float


def run(obj: Object, spec: ProgramSpec, declared: Sequence[MapSpec], case: Case) -> Ran:
    """Run a program on a case, with maps of its own, and with the same chance and time as every other."""
    maps = {m.name: make_map(Shape(m.type, m.key_size, m.value_size, m.max_entries)) for m in obj.maps}
    for name, key, value in entries(obj, declared, case):
        maps[name].update(key, value)
    slots = maps[spec.executors]
    assert isinstance(slots, ExecutorMap)
    slots.fill(range(case.executors))
    (program,) = obj.programs
    machine = Machine(image(program, maps), World.seeded(1))
    results = [machine.run(_context(payload, number, case)) for number, payload in enumerate(case.payloads)]
    return Ran(
        decisions=tuple(map(_decision, results)),
        contents={each.name: dict(_content(maps, each)) for each in declared},
        counted=_counted(maps[spec.counters], spec) if spec.counters in maps else None,
        executed=sum(result.executed for result in results) / len(results),
    )


def entries(obj: Object, declared: Sequence[MapSpec], case: Case) -> Iterator[tuple[str, bytes, bytes]]:
    """What a case's maps hold, as the object's maps are made: map, key and value."""
    sizes = {definition.name: definition.value_size for definition in obj.maps}
    for each in declared:
        wanted = case.entries.get(each.name, {})
        name = _name(each, sizes)
        if _is_whole(each, sizes[name]):
            values = (each.value.to_bytes(wanted.get(index, 0)) for index in range(each.max_entries))
            yield name, bytes(4), b"".join(values)
        else:
            yield from ((name, each.key.to_bytes(k), each.value.to_bytes(v)) for k, v in wanted.items())


def _name(declared: MapSpec, names: Container[str]) -> str:
    """What the map is called in an object: a global variable in C is a section."""
    return declared.name if declared.name in names else _VARIABLE + declared.name


def _is_whole(declared: MapSpec, value_size: int) -> bool:
    """Whether all entries are one value."""
    return declared.kind is MapKind.ARRAY and value_size == declared.value.size * declared.max_entries


def _context(payload: bytes, number: int, case: Case) -> Context:
    segment = Datagram(payload).segment()
    linear = None if case.linear is None else _UDP_HEADER + case.linear
    return sk_reuseport(segment, linear=linear, hash=number * _GOLDEN & 0xFFFF_FFFF)


def _decision(result: Result) -> str:
    if result.target is not None and result.r0 != _SK_DROP:
        return f"executor {result.target.index}"
    return "DROP" if result.r0 == _SK_DROP else "PASS"


def _content(maps: Mapping[str, SimMap], declared: MapSpec) -> Iterator[tuple[int, int]]:
    found = maps[_name(declared, maps)]
    size = declared.value.size
    if _is_whole(declared, found.shape.value_size):
        whole = found.lookup(bytes(4)) or b""
        yield from ((i, declared.value.from_bytes(whole[i * size :][:size])) for i in range(declared.max_entries))
        return
    for key in found.keys():  # noqa: SIM118 -- no dict
        value = found.lookup(key) or b""
        yield declared.key.from_bytes(key), declared.value.from_bytes(value[:size])


def _counted(counters: SimMap, spec: ProgramSpec) -> Mapping[str, int]:
    """Outcome -> how often it was counted, faults by their kind."""
    labels = {PASS_SLOT: "PASS", DROP_SLOT: "DROP"}
    labels |= {FIRST_EXECUTOR_SLOT + index: f"executor {index}" for index in range(spec.max_executors)}
    labels |= {site.slot: site.kind.value for site in spec.faults}
    counted: dict[str, int] = {}
    for slot, label in labels.items():
        times = int.from_bytes(counters.lookup(slot.to_bytes(4, "little")) or b"", "little")
        if times:
            counted[label] = counted.get(label, 0) + times
    return counted
