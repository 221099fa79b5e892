"""One LLVM module for one policy file: its maps, licence and self-description, and the fault sites found so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from llvmlite import ir

from syrupc.diagnostics import Diagnostic
from syrupc.errors import CompileError
from syrupc.frontend.source import PolicySource
from syrupc.kernel.map_types import BY_NAME, OF_KIND, is_whole
from syrupc.kernel.profiles import KernelProfile, first_with
from syrupc.lower.debug import DebugInfo
from syrupc.lower.emitter import TRIPLE
from syrupc.lower.lookups import Lookups
from syrupc.objfile.costs import SECTION as COST_SECTION
from syrupc.objfile.costs import room_for
from syrupc.objfile.mapdefs import data_section
from syrupc.objfile.metadata import SECTION as SPEC_SECTION
from syrupc.objfile.metadata import encode_spec
from syrupc.spec import (
    FIRST_EXECUTOR_SLOT,
    U8,
    U32,
    U64,
    ArrayType,
    FaultKind,
    FaultSite,
    IntType,
    MapKind,
    MapSpec,
    ObjectSpec,
    StoredType,
    StructType,
)

DATA_LAYOUT: Final = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
LICENSE: Final = "Dual BSD/GPL"

REUSEPORT_SOCKARRAY: Final = BY_NAME["reuseport_sockarray"].number
_F_NO_PREALLOC: Final = 1
_F_MMAPABLE: Final = 1 << 10
_FLAGS: Final = {MapKind.ARRAY: _F_MMAPABLE, MapKind.LPM_TRIE: _F_NO_PREALLOC}

BYTE_POINTER: Final = ir.IntType(8).as_pointer()


def matched_key(key: StoredType) -> StructType:
    """What an LPM trie is asked with: how many bits count, and the bits, with nothing behind them."""
    bits: StoredType = U32 if key.size % U32.size == 0 else ArrayType(U8, U32.size)  # or padding would follow
    return StructType.of("", [("bits", bits), ("data", ArrayType(U8, key.size))])


@dataclass(frozen=True)
class Target:
    """What code is generated for."""

    profile: KernelProfile
    max_executors: int


class FaultTable:
    """The fault sites of one program, each with its slot in the program's counters."""

    def __init__(self, target: Target) -> None:
        self._first = FIRST_EXECUTOR_SLOT + target.max_executors
        self._slots: dict[tuple[FaultKind, int, int], int] = {}

    def slot(self, kind: FaultKind, line: int, column: int) -> int:
        """The slot of a site; the same site has one slot, however often it was lowered."""
        return self._slots.setdefault((kind, line, column), self._first + len(self._slots))

    @property
    def sites(self) -> tuple[FaultSite, ...]:
        return tuple(FaultSite(slot, *key) for key, slot in self._slots.items())

    @property
    def slots(self) -> int:
        """How many counters the program needs in all."""
        return self._first + len(self._slots)


class ModuleBuilder:
    """The module under construction."""

    def __init__(self, source: PolicySource, target: Target) -> None:
        self.source, self.target = source, target
        self.module = ir.Module(source.base_name)
        self.module.triple = TRIPLE
        self.module.data_layout = DATA_LAYOUT
        self.debug = DebugInfo(self.module, source)
        self.lookups = Lookups(self.module)
        self._section_bytes("syrup_license", "license", LICENSE.encode() + b"\0")

    def declared_map(self, spec: MapSpec) -> ir.GlobalVariable:
        self._require_kind(spec)
        if is_whole(spec):
            return self._whole_map(spec)
        numbers = {"type": OF_KIND[spec.kind].number, "max_entries": spec.max_entries}
        if spec.kind in _FLAGS:
            numbers["map_flags"] = _FLAGS[spec.kind]
        types: dict[str, StoredType] = {}
        if spec.key is not None:
            types = {"key": matched_key(spec.key) if spec.kind is MapKind.LPM_TRIE else spec.key, "value": spec.value}
        elif spec.kind is not MapKind.RING_BUF:  # without keys, the kernel takes no types
            numbers["value_size"] = spec.value.size
        return self._map(spec.name, numbers, types, spec.span.line if spec.span else 1)

    def _whole_map(self, spec: MapSpec) -> ir.GlobalVariable:
        """A variable in a section of its own, which is the map."""
        storage = ir.ArrayType(ir.IntType(8), spec.value.size * spec.max_entries)
        variable = ir.GlobalVariable(self.module, storage, spec.name)
        variable.section = data_section(spec.name)
        variable.initializer = ir.Constant(storage, None)
        variable.align = 8
        kind = self.debug.stored(ArrayType(spec.value, spec.max_entries))
        self.debug.global_variable(variable, kind, spec.span.line if spec.span else 1)
        return variable

    def _require_kind(self, spec: MapSpec) -> None:
        kind = OF_KIND[spec.kind]
        if kind.number in self.target.profile.map_types:
            return
        raise CompileError(
            Diagnostic(
                "SYR301",
                f"Linux {self.target.profile.name} has no {spec.kind.value}",
                spec.span,
                notes=(
                    f"it came with Linux {kind.since}; an object is compiled for the oldest kernel that shall load it",
                ),
                help=(
                    f'if all machines are newer, ask for that: `@syrup.jit(kernel="{first_with(kind.since)}")`',
                    f"or where it is compiled: `--kernel {first_with(kind.since)}`",
                ),
            )
        )

    def map(self, name: str, kernel_type: int, key: IntType, value: IntType, max_entries: int) -> ir.GlobalVariable:
        """A map that the policy does not declare."""
        return self._map(name, {"type": kernel_type, "max_entries": max_entries}, {"key": key, "value": value}, 1)

    def _map(
        self, name: str, numbers: Mapping[str, int], types: Mapping[str, StoredType], line: int
    ) -> ir.GlobalVariable:
        """A map as libbpf defines it: a variable in `.maps` whose *type* holds the numbers, as lengths of arrays."""
        integer = self.debug.integer(IntType("int", 32, True))
        members = [(n, self.debug.pointer(self.debug.array(integer, 32, v))) for n, v in numbers.items()]
        members += [(n, self.debug.pointer(self.debug.stored(kind))) for n, kind in types.items()]
        storage = ir.ArrayType(ir.IntType(8), 8 * len(members))
        variable = ir.GlobalVariable(self.module, storage, name)
        variable.section = ".maps"
        variable.initializer = ir.Constant(storage, None)
        variable.align = 8
        self.debug.global_variable(variable, self.debug.structure(members), line)
        return variable

    def counters(self, name: str, slots: int) -> ir.GlobalVariable:
        return self.map(name, OF_KIND[MapKind.PER_CPU_ARRAY].number, U32, U64, slots)

    def executors(self, name: str, kernel_type: int) -> ir.GlobalVariable:
        return self.map(name, kernel_type, U32, U64, self.target.max_executors)

    def describe(self, spec: ObjectSpec) -> None:
        """What the object says of itself, and room for what it will say; loaders skip the sections."""
        self._section_bytes("syrup_object", SPEC_SECTION, encode_spec(spec))
        self._section_bytes("syrup_cost", COST_SECTION, room_for(len(spec.programs)))

    def text(self) -> str:
        return str(self.module)

    def late_text(self) -> str:
        """What is linked in after LLVM has optimised the module."""
        return self.lookups.definitions()

    def _section_bytes(self, name: str, section: str, data: bytes) -> None:
        storage = ir.ArrayType(ir.IntType(8), len(data))
        variable = ir.GlobalVariable(self.module, storage, name)
        variable.section = section
        variable.initializer = ir.Constant(storage, bytearray(data))
        variable.align = 1
