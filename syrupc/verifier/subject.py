"""What is judged: one program with everything that its verdict depends on, resolved to plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from syrupc.isa.insn import Insn
from syrupc.kernel.contexts import CONTEXTS, Context
from syrupc.kernel.profiles import KernelProfile
from syrupc.kernel.program_types import ProgramType, returns
from syrupc.objfile.model import LineInfo, MapDefinition, Program, Relocation, RelocationKind
from syrupc.verifier.signatures import Signature

GPL_COMPATIBLE: Final = frozenset(
    {"GPL", "GPL v2", "GPL and additional rights", "Dual BSD/GPL", "Dual MIT/GPL", "Dual MPL/GPL"}
)
"""Licences that the kernel counts as GPL-compatible (`include/linux/license.h`)."""


@dataclass(frozen=True, slots=True)
class MapUse:
    """A wide load of a map, or of an address in its first value (`offset` is then not None)."""

    map: int
    offset: int | None


@dataclass(frozen=True, slots=True)
class Conditions:
    """How the program is loaded, beyond its bytes."""

    attach_type: int = 0
    strict_alignment: bool = False
    often: bool = False
    """Every jump target keeps a state, as `BPF_F_TEST_STATE_FREQ` makes the kernel do."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What the object says of the program: whether it ever drops, and the number of the map of its executors."""

    drops: bool
    executors: int


@dataclass(frozen=True, slots=True)
class Subject:
    """`uses` is keyed by the slot of the wide load; `inner` gives for each map of maps the number
    of the map that stands for its contents; `signatures` is keyed by first slot, and None without type information.
    """

    name: str
    insns: tuple[Insn, ...]
    type: ProgramType
    context: Context | None
    helpers: frozenset[int]
    maps: tuple[MapDefinition, ...]
    uses: Mapping[int, MapUse]
    gpl: bool
    kernel: KernelProfile
    lines: Sequence[LineInfo] = ()
    signatures: Mapping[int, Signature] | None = None
    kfuncs: frozenset[int] = frozenset()
    inner: Mapping[int, int] | None = None
    conditions: Conditions = Conditions()
    promise: Promise | None = None

    def called_alone(self, slot: int) -> Signature | None:
        """The signature of the function at the slot if kernels verify it on its own, whatever calls it."""
        found = self.signatures.get(slot) if self.signatures and slot else None
        return found if found and found.is_global else None

    @property
    def returns(self) -> tuple[int, int] | None:
        """The range that the program's result must be in, None if any will do."""
        return returns(self.type, self.conditions.attach_type)


def subject_of(
    program: Program,
    program_type: ProgramType,
    maps: Sequence[MapDefinition],
    license_name: str,
    kernel: KernelProfile,
    signatures: Mapping[int, Signature] | None = None,
) -> Subject:
    """The subject for a program of an object."""
    numbers = {definition.name: number for number, definition in enumerate(maps)}
    return Subject(
        name=program.name,
        insns=program.insns,
        type=program_type,
        context=CONTEXTS.get(program_type.name),
        helpers=kernel.offered[program_type.name],
        maps=tuple(maps),
        uses={r.slot: _use(r, numbers) for r in program.relocations if r.kind is not RelocationKind.KFUNC},
        gpl=license_name in GPL_COMPATIBLE,
        kernel=kernel,
        lines=program.lines,
        signatures=signatures,
        kfuncs=frozenset(r.slot for r in program.relocations if r.kind is RelocationKind.KFUNC),
    )


def _use(relocation: Relocation, numbers: Mapping[str, int]) -> MapUse:
    offset = relocation.addend if relocation.kind is RelocationKind.MAP_VALUE else None
    return MapUse(numbers[relocation.target], offset)
