"""The section `.syrup.cost`: what a run of each program takes at most. It is emitted as zeros, which say nothing, and
filled in where it is once the programs are verified, so that no other byte of the object depends on it.

Little-endian: the kernel for which it was proven (major and minor release, 16 bits each), the revision of
`syrupc.kernel.costs` (32 bits), and for each program of the section `.syrup`, in its order, the instructions and the
estimate in ns (64 bits each; an estimate of 0 is none).
"""

from __future__ import annotations

import struct
from typing import Final

from syrupc.objfile.elf import parse_elf
from syrupc.objfile.model import Cost, Costs
from syrupc.objfile.refusals import malformed
from syrupc.spec import ObjectSpec

SECTION: Final = ".syrup.cost"

_HEAD: Final = struct.Struct("<HHI")
_PROGRAM: Final = struct.Struct("<QQ")
_MOST: Final = (1 << 64) - 1


def room_for(programs: int) -> bytes:
    """The section as it is emitted."""
    return bytes(_HEAD.size + programs * _PROGRAM.size)


def decode_costs(content: bytes, spec: ObjectSpec | None) -> Costs | None:
    """What the section says, None while it says nothing. Raises `ObjectError` where it does not fit the programs."""
    names = [program.name for program in spec.programs] if spec else []
    if len(content) != len(room_for(len(names))):
        raise malformed(f"its section {SECTION} has {len(content)} bytes for {len(names)} programs")
    if not any(content):
        return None
    major, minor, revision = _HEAD.unpack_from(content)
    entries = _PROGRAM.iter_unpack(content[_HEAD.size :])
    programs = {name: Cost(executed, ns or None) for name, (executed, ns) in zip(names, entries, strict=True)}
    return Costs((major, minor), revision, programs)


def filled(data: bytes, costs: Costs) -> bytes:
    """The object with its section filled in; the costs are those of its programs, in their order."""
    section = parse_elf(data).section(SECTION)
    assert section is not None, "the compiler has left room"
    content = _encoded(costs)
    assert len(content) == section.size
    return data[: section.offset] + content + data[section.offset + section.size :]


def _encoded(costs: Costs) -> bytes:
    entries = (_PROGRAM.pack(min(c.executed, _MOST), min(c.duration or 0, _MOST)) for c in costs.programs.values())
    return _HEAD.pack(*costs.release, costs.revision) + b"".join(entries)
