"""What type information alone decides: names that the kernel refuses, and map values that hold more than bytes."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import Final

from syrupc.objfile.btf import ARRAY, DATASEC, FUNC, FUNC_PROTO, PTR, STRUCT, TYPE_TAG, UNION, VAR, Btf, BtfType
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
_MAX_DEPTH: Final = 16


def check_names(btf: Btf) -> Finding | None:
    """Functions and variables have plain names, and every parameter has one, or the kernel refuses all of it."""
    for found in btf.types:
        if found.kind in _NAMED and not _IDENTIFIER.fullmatch(found.name):
            return _refused(f"`{found.name}` is no name that the kernel knows")
        if found.kind == DATASEC and not _SECTION.fullmatch(found.name):
            return _refused(f"section `{found.name}` has no name that the kernel knows")
        if found.kind == FUNC:
            for name in _parameters(btf, btf.type(found.type)):
                if not _IDENTIFIER.fullmatch(name):
                    return _refused(f"a parameter of `{found.name}` has no plain name")
    return None


def _refused(reason: str) -> Finding:
    return unsafe(
        "SYR402",
        "the kernel would refuse the type information",
        reason,
        help="use ASCII letters, digits and underscores for functions, parameters and maps",
    )


def _parameters(btf: Btf, proto: BtfType) -> Iterator[str]:
    if proto.kind != FUNC_PROTO:
        return
    for number in range(proto.vlen):
        name, type_id = struct.unpack_from("<II", btf.raw, proto.members + 8 * number)
        if type_id:  # a last parameter of no type stands for any number of them
            yield btf.string(name)


def special_maps(btf: Btf, maps: tuple[MapDefinition, ...]) -> frozenset[str]:
    """Names of the maps whose values hold locks, timers, lists or kernel pointers, which plain accesses must spare."""
    return frozenset(m.name for m in maps if m.value_type_id and _special(btf, m.value_type_id, _MAX_DEPTH))


def _special(btf: Btf, type_id: int, depth: int) -> bool:
    """Also where the type is nested too deeply to tell."""
    found = btf.resolve(type_id)
    if not depth or found.name in _SPECIAL:
        return True
    if found.kind == ARRAY:
        return _special(btf, struct.unpack_from("<I", btf.raw, found.members)[0], depth - 1)
    if found.kind == PTR:
        return btf.type(found.type).kind == TYPE_TAG
    if found.kind == DATASEC:
        return any(_special(btf, btf.type(member.type).type, depth - 1) for member in btf.members(found))
    if found.kind in (STRUCT, UNION):
        return any(_special(btf, member.type, depth - 1) for member in btf.members(found))
    return False
