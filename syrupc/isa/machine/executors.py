"""Maps whose entries are not bytes: executors (sockets, CPUs, queues), programs, and perf events."""

# A kind has no use for some arguments of what all kinds have in common.
# ruff: noqa: ARG002

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from errno import E2BIG, EINVAL, ENOENT

from syrupc.isa.insn import Insn
from syrupc.isa.machine.maps import Shape, SimMap, check
from syrupc.isa.machine.memory import Region, UnmodelledStepError


@dataclass(frozen=True, eq=False)
class Image:
    """A program and the maps that its wide loads name by their immediate."""

    insns: Sequence[Insn]
    maps: Mapping[int, SimMap] = field(default_factory=dict)
    name: str = "program"


class ExecutorMap(SimMap):
    """`REUSEPORT_SOCKARRAY`, `SOCKMAP`, `CPUMAP`, `XSKMAP`, `DEVMAP`: which slots have a live executor."""

    def __init__(self, shape: Shape, cpus: int = 1) -> None:
        super().__init__(shape, cpus)
        self.values: dict[int, bytes] = {}

    @property
    def live(self) -> frozenset[int]:
        return frozenset(self.values)

    def fill(self, slots: Sequence[int] | range) -> None:
        """Makes exactly these slots live."""
        self.values = {slot: bytes(self.shape.value_size) for slot in slots if self._check_slot(slot)}

    def _check_slot(self, slot: int) -> bool:
        if not 0 <= slot < self.shape.max_entries:
            raise OSError(E2BIG, f"slot {slot} of {self.shape.max_entries}")
        return True

    def find(self, key: bytes, cpu: int) -> Region | None:
        if int.from_bytes(key, "little") in self.values:
            raise UnmodelledStepError(f"lookup of a live executor in {self.shape.name}")
        return None

    def lookup(self, key: bytes) -> bytes | None:
        self.check_key(key)
        return self.values.get(int.from_bytes(key, "little"))

    def update(self, key: bytes, value: bytes, flags: int = 0) -> None:
        self.check_key(key)
        self.check_value(value, self.shape.value_size)
        slot = int.from_bytes(key, "little")
        self._check_slot(slot)
        self.values[slot] = value

    def remove(self, key: bytes) -> int:
        slot = int.from_bytes(key, "little")
        if slot >= self.shape.max_entries:
            return -EINVAL
        return -ENOENT if self.values.pop(slot, None) is None else 0

    def keys(self) -> Iterator[bytes]:
        return (slot.to_bytes(4, "little") for slot in sorted(self.values))


class ProgramArray(SimMap):
    """`PROG_ARRAY`: the programs that tail calls go to, by index."""

    def __init__(self, shape: Shape, cpus: int = 1) -> None:
        super().__init__(shape, cpus)
        self.programs: dict[int, Image] = {}

    def set(self, index: int, program: Image | None) -> None:
        """Puts a program into a slot, or empties it."""
        if not 0 <= index < self.shape.max_entries:
            check(-E2BIG)
        if program is None:
            self.programs.pop(index, None)
        else:
            self.programs[index] = program

    def keys(self) -> Iterator[bytes]:
        return (index.to_bytes(4, "little") for index in sorted(self.programs))


class PerfEventArray(SimMap):
    """`PERF_EVENT_ARRAY` in which no event was opened."""
