"""Programs written as text, judged as they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from syrupc.isa.assembly import parse_program
from syrupc.kernel.contexts import CONTEXTS
from syrupc.kernel.helpers import helpers_of
from syrupc.kernel.profiles import profile
from syrupc.kernel.program_types import BY_NAME
from syrupc.objfile.model import LineInfo, MapDefinition
from syrupc.verifier.gate import judge
from syrupc.verifier.subject import Conditions, MapUse, Subject
from syrupc.verifier.verdict import ProgramVerdict

ARRAY: Final = MapDefinition("array", 2, 4, 16, 4)
HASH: Final = MapDefinition("hash", 1, 8, 24, 8)
RING: Final = MapDefinition("ring", 27, 0, 0, 4096)
SOCKETS: Final = MapDefinition("sockets", 20, 4, 8, 4)
CONSTANT: Final = MapDefinition(".rodata", 2, 4, 8, 1, 1 << 7, initial=bytes(range(8)))
PROGRAMS: Final = MapDefinition("programs", 3, 4, 4, 4)
QUEUE: Final = MapDefinition("queue", 22, 0, 8, 4)
BLOOM: Final = MapDefinition("bloom", 30, 0, 8, 4)
READABLE: Final = MapDefinition("readable", 2, 4, 8, 4, 1 << 7)
WRITABLE: Final = MapDefinition("writable", 2, 4, 8, 4, 1 << 8)
MAPS: Final = (ARRAY, HASH, RING, SOCKETS, CONSTANT, PROGRAMS, QUEUE, BLOOM, READABLE, WRITABLE)

_MAP = re.compile(r"(map|value)\((\.?\w+)(?:\s*\+\s*(\d+))?\) ll")

LOOK_UP: Final = """
    *(u32 *)(r10 - 4) = 0
    r1 = map(array) ll
    r2 = r10
    r2 += -4
    r3 = *(u32 *)(r10 - 4)
    call 1
"""
"""A look-up in `array` that may fail; r0 is its result."""


def verdict(
    text: str,
    kind: str = "socket_filter",
    kernel: str = "6.18",
    *,
    gpl: bool = True,
    lines: Sequence[LineInfo] = (),
    conditions: Conditions = Conditions(),  # noqa: B008 -- frozen
) -> ProgramVerdict:
    """The verdict on the program; `map(name) ll` and `value(name + offset) ll` name the maps above."""
    names = {definition.name: number for number, definition in enumerate(MAPS)}
    uses: dict[int, MapUse] = {}
    slot = 0
    plain = []
    for line in text.splitlines():
        found = _MAP.search(line)
        if found:
            what, name, offset = found.groups()
            uses[slot] = MapUse(names[name], None if what == "map" else int(offset or 0))
            line = _MAP.sub("map(0) ll" if what == "map" else f"map_value(0, {offset or 0}) ll", line)
        plain.append(line)
        stripped = line.split(";")[0].strip()
        slot += 0 if not stripped or stripped.endswith(":") else 2 if stripped.endswith(" ll") else 1
    subject = Subject(
        name="program",
        insns=parse_program("\n".join(plain)),
        type=BY_NAME[kind],
        context=CONTEXTS.get(kind),
        helpers=helpers_of(kind, profile(kernel).release),
        maps=MAPS,
        uses=uses,
        gpl=gpl,
        kernel=profile(kernel),
        lines=lines,
        conditions=conditions,
    )
    return judge(subject)


def code(text: str, kind: str = "socket_filter", kernel: str = "6.18") -> str | None:
    """The code of the first diagnostic; None for an accepted program."""
    found = verdict(text, kind, kernel)
    return found.diagnostics[0].code if found.diagnostics else None
