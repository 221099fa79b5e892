"""One LLVM module for one policy file: its maps, licence and self-description, and the fault sites found so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from llvmlite import ir

from syrupc.frontend.source import PolicySource
from syrupc.kernel.profiles import KernelProfile
from syrupc.lower.debug import DebugInfo
from syrupc.lower.emitter import TRIPLE
from syrupc.spec import FIRST_EXECUTOR_SLOT, U32, U64, FaultKind, FaultSite, IntType, MapKind, MapSpec

DATA_LAYOUT: Final = "e-m:e-p:64:64-i64:64-i128:128-n32:64-S128"
LICENSE: Final = "Dual BSD/GPL"

# include/uapi/linux/bpf.h, enum bpf_map_type
_MAP_TYPES: Final = {MapKind.HASH_MAP: 1, MapKind.ARRAY: 2, MapKind.PER_CPU_ARRAY: 6}
REUSEPORT_SOCKARRAY: Final = 20
_F_MMAPABLE: Final = 1 << 10

BYTE_POINTER: Final = ir.IntType(8).as_pointer()


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
        self._section_bytes("syrup_license", "license", LICENSE.encode() + b"\0")

    def declared_map(self, spec: MapSpec) -> ir.GlobalVariable:
        flags = _F_MMAPABLE if spec.kind is MapKind.ARRAY else 0
        line = spec.span.line if spec.span else 1
        return self.map(spec.name, _MAP_TYPES[spec.kind], spec.key, spec.value, spec.max_entries, flags, line)

    def map(
        self,
        name: str,
        kernel_type: int,
        key: IntType,
        value: IntType,
        max_entries: int,
        flags: int = 0,
        line: int = 1,
    ) -> ir.GlobalVariable:
        """A map as libbpf defines it: a variable in `.maps` whose *type* holds the numbers, as lengths of arrays."""
        numbers = {"type": kernel_type, "max_entries": max_entries}
        if flags:
            numbers["map_flags"] = flags
        integer = self.debug.integer(IntType("int", 32, True))
        members = [(n, self.debug.pointer(self.debug.array(integer, 32, v))) for n, v in numbers.items()]
        members += [("key", self.debug.pointer(self.debug.integer(key)))]
        members += [("value", self.debug.pointer(self.debug.integer(value)))]
        storage = ir.ArrayType(ir.IntType(8), 8 * len(members))
        variable = ir.GlobalVariable(self.module, storage, name)
        variable.section = ".maps"
        variable.initializer = ir.Constant(storage, None)
        variable.align = 8
        self.debug.global_variable(variable, self.debug.structure(members), line)
        return variable

    def counters(self, name: str, slots: int) -> ir.GlobalVariable:
        return self.map(name, _MAP_TYPES[MapKind.PER_CPU_ARRAY], U32, U64, slots)

    def executors(self, name: str, kernel_type: int) -> ir.GlobalVariable:
        return self.map(name, kernel_type, U32, U64, self.target.max_executors)

    def describe(self, spec: bytes) -> None:
        """What the object says of itself; loaders skip the section."""
        self._section_bytes("syrup_object", ".syrup", spec)

    def text(self) -> str:
        return str(self.module)

    def _section_bytes(self, name: str, section: str, data: bytes) -> None:
        storage = ir.ArrayType(ir.IntType(8), len(data))
        variable = ir.GlobalVariable(self.module, storage, name)
        variable.section = section
        variable.initializer = ir.Constant(storage, bytearray(data))
        variable.align = 1
