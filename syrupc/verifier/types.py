"""What type information alone decides: names that the kernel refuses, and map values that hold more than bytes."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Final

from syrupc.kernel.profiles import KernelProfile
from syrupc.objfile.btf import ARRAY, DATASEC, PTR, STRUCT, TYPE_TAG, UNION, Btf, BtfType
from syrupc.objfile.model import MapDefinition
from syrupc.verifier.findings import Finding, unsafe
from syrupc.verifier.typeinfo import refusal

_HELP: Final = (
    "use ASCII letters, digits and underscores for functions, parameters and maps, and build the object again"
)
_SPECIAL: Final = frozenset(
    {
        "bpf_spin_lock",
        "bpf_res_spin_lock",
        "bpf_timer",
        "bpf_wq",
        "bpf_task_work",
        "bpf_list_head",
        "bpf_list_node",
        "bpf_rb_root",
        "bpf_rb_node",
        "bpf_refcount",
    }
)


def check_types(btf: Btf, kernel: KernelProfile) -> Finding | None:
    """The kernel takes type information as a whole, or refuses it, and with it every map and program."""
    reason = refusal(btf, kernel.release)
    return unsafe("SYR402", "the kernel would refuse the type information", reason, help=_HELP) if reason else None


def special_maps(btf: Btf, maps: tuple[MapDefinition, ...]) -> frozenset[str]:
    """Names of the maps whose values hold locks, timers, lists or kernel pointers, which plain accesses must spare."""
    special = _Special(btf)
    return frozenset(m.name for m in maps if m.value_type_id and special.holds(m.value_type_id))


@dataclass(slots=True)
class _Special:
    """Looks into each type once: many may be made of the same."""

    btf: Btf
    known: dict[int, bool] = field(default_factory=dict)

    def holds(self, type_id: int) -> bool:
        if type_id not in self.known:
            self.known[type_id] = self._look(self.btf.resolve(type_id))
        return self.known[type_id]

    def _look(self, found: BtfType) -> bool:
        if found.name in _SPECIAL:
            return True
        if found.kind == ARRAY:
            return self.holds(struct.unpack_from("<I", self.btf.raw, found.members)[0])
        if found.kind == PTR:
            return self.btf.type(found.type).kind == TYPE_TAG
        if found.kind == DATASEC:
            return any(self.holds(self.btf.type(member.type).type) for member in self.btf.members(found))
        if found.kind in (STRUCT, UNION):
            return any(self.holds(member.type) for member in self.btf.members(found))
        return False
