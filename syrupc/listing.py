"""A compiled program as a person reads it: the instructions under the lines of Python they come from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from syrupc.isa.text import format_program
from syrupc.kernel.helpers import HELPERS
from syrupc.objfile.model import Cost, Object, Program, Relocation, RelocationKind
from syrupc.snippet import printable, shortened

_KINDS: Final = {RelocationKind.MAP: "map", RelocationKind.MAP_VALUE: "value of", RelocationKind.KFUNC: "kfunc"}
_MAX_LINE: Final = 1 << 16  # beyond that it is no policy file
_MAX_TEXT: Final = 1 << 22  # of all files together
_HELPER_NAMES: Final = {number: helper.name for number, helper in HELPERS.items()}


def list_object(obj: Object) -> str:
    """All programs of an object, each under a line with its name and section."""
    said = obj.costs.programs if obj.costs else {}
    listed = (list_program(program, said.get(program.name)) for program in obj.programs)
    return "\n".join("".join(f"{line}\n" for line in lines) for lines in listed)


def list_program(program: Program, said: Cost | None = None) -> Iterator[str]:
    """The lines of one program. `; text @ file:line:column` says where the instructions below it come from, and the
    first line what the object has `said` of it."""
    run = f"; the object says that a run takes at most {said}" if said else ""
    yield printable(f"{program.name} ({program.section}), {len(program.insns)} instructions{run}")
    functions = {function.slot: function.name for function in program.functions if function.slot}
    lines = {line.slot: line for line in program.lines}
    targets = {relocation.slot: relocation for relocation in program.relocations}
    shown = None
    for slot, text in format_program(program.insns, _HELPER_NAMES):
        if slot in functions:
            yield printable(f"{functions[slot]}:")
        if slot in lines and (lines[slot].line, lines[slot].column) != shown:
            line = lines[slot]
            shown = line.line, line.column
            yield printable(f"; {shortened(line.text.strip())}  @ {line.file}:{line.line}:{line.column}")
        target = f"  // {_target(targets[slot])}" if slot in targets else ""
        yield printable(f"{slot:6}: {text}{target}")


def sources_of(obj: Object) -> dict[str, str]:
    """As much of each source file as the object itself carries, by the file's name; other lines are empty."""
    found: dict[str, dict[int, str]] = {}
    for info in (info for program in obj.programs for info in program.lines if 0 < info.line <= _MAX_LINE):
        found.setdefault(info.file, {})[info.line] = info.text
    room, texts = _MAX_TEXT, {}
    for file, lines in found.items():
        room -= max(lines) + sum(map(len, lines.values()))
        if room >= 0:
            texts[file] = "\n".join(lines.get(number, "") for number in range(1, max(lines) + 1))
    return texts


def _target(relocation: Relocation) -> str:
    addend = f" + {relocation.addend}" if relocation.addend else ""
    return f"{_KINDS[relocation.kind]} {relocation.target}{addend}"
