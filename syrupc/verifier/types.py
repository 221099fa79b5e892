"""What type information alone decides: names that the kernel refuses, and map values that hold more than bytes."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from typing import Final

from syrupc.objfile.btf import ARRAY, DATASEC, FUNC, PTR, STRUCT, TYPE_TAG, UNION, VAR, Btf, BtfType
from syrupc.objfile.model import MapDefinition
from syrupc.verifier.findings import Finding, unsafe

_IDENTIFIER: Final = re.compile(r"[A-Za-z_.][A-Za-z0-9_.]*")
_SECTION: Final = re.compile(r"[A-Za-z_.?][ -~]*")
_NAMED: Final = frozenset({FUNC, VAR})
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


def check_names(btf: Btf) -> Finding | None:
    """Functions and variables have plain names, and every parameter has one, or the kernel refuses all of it."""
    plain = set[int]()  # prototypes, of which many functions may have the same
    for found in btf.types:
        if found.kind in _NAMED and not _IDENTIFIER.fullmatch(found.name):
            return _refused(f"`{found.name}` is no name that the kernel knows")
        if found.kind == DATASEC and not _SECTION.fullmatch(found.name):
            return _refused(f"section `{found.name}` has no name that the kernel knows")
        if found.kind == FUNC and found.type not in plain:
            for name, type_id in btf.parameters(btf.type(found.type)):
                if type_id and not _IDENTIFIER.fullmatch(name):  # a last one of no type stands for any number of them
                    return _refused(f"a parameter of `{found.name}` has no plain name")
            plain.add(found.type)
    return None


def _refused(reason: str) -> Finding:
    return unsafe(
        "SYR402",
        "the kernel would refuse the type information",
        reason,
        help="use ASCII letters, digits and underscores for functions, parameters and maps",
    )


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
