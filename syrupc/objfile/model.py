"""An object as it ships: what a loader and the pre-verifier see of it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from syrupc.isa.insn import Insn
from syrupc.spec import ObjectSpec


class RelocationKind(enum.Enum):
    MAP = "map"
    """The wide load at the slot takes the map's address."""
    MAP_VALUE = "map_value"
    """The wide load takes the address of the map's first value plus `addend`."""
    KFUNC = "kfunc"
    """The call at the slot is to a kernel function by name."""


@dataclass(frozen=True, slots=True)
class Relocation:
    """A slot that depends on a name, for the loader to resolve."""

    slot: int
    kind: RelocationKind
    target: str
    addend: int = 0


@dataclass(frozen=True, slots=True)
class LineInfo:
    """From `slot` on, instructions belong to this place in the source; `text` is the line itself."""

    slot: int
    file: str
    line: int
    column: int
    text: str


@dataclass(frozen=True, slots=True)
class FunctionInfo:
    """A function that starts at `slot`; `type_id` is its BTF FUNC (0 where there is none)."""

    slot: int
    name: str
    type_id: int


@dataclass(frozen=True, slots=True)
class Program:
    """An entry point with the subprograms it calls appended, calls already resolved, as it is handed to the kernel."""

    name: str
    section: str
    insns: tuple[Insn, ...]
    relocations: tuple[Relocation, ...]
    functions: tuple[FunctionInfo, ...]
    lines: tuple[LineInfo, ...]


@dataclass(frozen=True, slots=True)
class MapDefinition:
    """A map of the object. Sizes in bytes; `type` is the kernel's number; BTF ids are 0 where there are none.

    `initial` is the content of a data section's single value, `None` for maps of `.maps`.
    """

    name: str
    type: int
    key_size: int
    value_size: int
    max_entries: int
    flags: int = 0
    key_type_id: int = 0
    value_type_id: int = 0
    initial: bytes | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run of a program takes at most: instructions, and an estimate in ns, None where there is none."""

    executed: int
    duration: int | None

    def __str__(self) -> str:
        about = "" if self.duration is None else f", about {self.duration} ns"
        return f"{self.executed} instructions{about}"


@dataclass(frozen=True, slots=True)
class Costs:
    """What an object says of its programs' costs, by their names: as proven for the kernel `release`, with the figures
    of `syrupc.kernel.costs` of that `revision`."""

    release: tuple[int, int]
    revision: int
    programs: Mapping[str, Cost]


@dataclass(frozen=True, slots=True)
class Object:
    """An ELF file, read back. `btf` is the raw `.BTF` section (fit for `BPF_BTF_LOAD`), empty where there is none."""

    data: bytes
    programs: tuple[Program, ...]
    maps: tuple[MapDefinition, ...]
    license: str
    btf: bytes
    spec: ObjectSpec | None
    costs: Costs | None = None
