"""Programs as the kernel takes them: each entry point followed by the functions it calls, with places resolved.

BPF compilers leave calls open the way libbpf expects: a call names a symbol or a section plus an offset, and every
function that is reachable from an entry point is to be placed behind it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from syrupc.isa import opcodes as op
from syrupc.isa.codec import SLOT_SIZE, decode
from syrupc.isa.insn import Insn
from syrupc.objfile.btfext import BtfExt
from syrupc.objfile.elf import (
    R_BPF_64_32,
    R_BPF_64_64,
    UNDEFINED,
    Elf,
    ElfRelocation,
    Section,
    Symbol,
)
from syrupc.objfile.model import FunctionInfo, LineInfo, Program, Relocation, RelocationKind
from syrupc.objfile.refusals import malformed, not_modelled, too_large

TEXT: Final = ".text"

_CALL: Final = op.JMP | op.CALL
MAX_SLOTS: Final = 1 << 18
MAX_PROGRAMS: Final = 1 << 10
"""Limits of what is read: instructions in all sections, in all programs once they are linked, and programs."""


@dataclass(frozen=True, slots=True)
class _Function:
    """A function where the compiler put it: slots `start` to `end` of its section."""

    name: str
    section: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Source:
    """What linking reads: the tables, instructions by section, functions by (section, slot), maps by place."""

    elf: Elf
    insns: Mapping[int, tuple[Insn, ...]]
    functions: Mapping[tuple[int, int], _Function]
    maps: Mapping[tuple[int, int], str]
    data: Mapping[int, str]
    relocations: Mapping[tuple[int, int], ElfRelocation]
    ext: BtfExt


def link_programs(
    elf: Elf, maps: Mapping[tuple[int, int], str], data: Mapping[int, str], ext: BtfExt
) -> tuple[Program, ...]:
    """The programs in the order of the object. `maps` and `data` say where maps and data sections are."""
    source = _source(elf, maps, data, ext)
    entries = [f for f in source.functions.values() if elf.sections[f.section].name != TEXT]
    if len(entries) > MAX_PROGRAMS:
        raise too_large(f"it has {len(entries)} programs", MAX_PROGRAMS)
    programs, room = [], MAX_SLOTS
    for entry in sorted(entries, key=lambda f: (f.section, f.start)):
        placed = _place(source, entry, room)
        room -= sum(function.end - function.start for function in placed)
        programs.append(_program(source, entry, placed))
    return tuple(programs)


def _source(elf: Elf, maps: Mapping[tuple[int, int], str], data: Mapping[int, str], ext: BtfExt) -> _Source:
    code = [s for s in elf.sections if _holds_code(s)]
    if sum(s.size for s in code) > MAX_SLOTS * SLOT_SIZE:
        raise too_large("it has more instructions", MAX_SLOTS)
    functions: dict[tuple[int, int], _Function] = {}
    for symbol in elf.symbols:
        if symbol.kind == "STT_FUNC" and symbol.section >= 0:
            function = _function(elf, symbol)
            if (function.section, function.start) in functions:
                raise malformed(f"two functions start at the same place, one is `{function.name}`")
            functions[function.section, function.start] = function
    return _Source(
        elf=elf,
        insns={s.index: _decode(s) for s in code},
        functions=functions,
        maps=maps,
        data=data,
        relocations={(s.index, slot): r for s in code for slot, r in _by_slot(elf, s).items()},
        ext=ext,
    )


def _holds_code(section: Section) -> bool:
    return section.executable and section.kind == "SHT_PROGBITS"


def _by_slot(elf: Elf, section: Section) -> dict[int, ElfRelocation]:
    relocations = elf.relocations.get(section.index, ())
    found = {r.offset // SLOT_SIZE: r for r in relocations}
    if len(found) < len(relocations) or any(r.offset % SLOT_SIZE for r in relocations):
        raise malformed(f"a relocation in section `{section.name}` is not the only one of an instruction")
    return found


def _decode(section: Section) -> tuple[Insn, ...]:
    if section.size % SLOT_SIZE:
        raise malformed(f"section `{section.name}` is no sequence of instructions")
    return decode(section.content)


def _function(elf: Elf, symbol: Symbol) -> _Function:
    if symbol.section >= len(elf.sections) or not _holds_code(elf.sections[symbol.section]):
        raise malformed(f"function `{symbol.name}` is in no executable section")
    section = elf.sections[symbol.section]
    if (
        symbol.value % SLOT_SIZE
        or symbol.size % SLOT_SIZE
        or not symbol.size
        or symbol.value + symbol.size > section.size
    ):
        raise malformed(f"function `{symbol.name}` does not lie inside section `{section.name}`")
    if section.name != TEXT and not symbol.is_global:
        raise not_modelled(f"the static function `{symbol.name}` in `{section.name}`", "put it into `.text`")
    return _Function(symbol.name, section.index, symbol.value // 8, (symbol.value + symbol.size) // 8)


def _program(source: _Source, entry: _Function, placed: Mapping[_Function, int]) -> Program:
    insns: list[Insn] = []
    relocations: list[Relocation] = []
    for function, base in placed.items():
        for slot in range(function.start, function.end):
            insn, relocation = _resolve(source, function, slot, placed)
            insns.append(insn)
            if relocation is not None:
                relocations.append(replace(relocation, slot=slot - function.start + base))
    return Program(
        name=entry.name,
        section=source.elf.sections[entry.section].name,
        insns=tuple(insns),
        relocations=tuple(relocations),
        functions=tuple(_function_info(source, f, base) for f, base in placed.items()),
        lines=tuple(line for f, base in placed.items() for line in _lines(source, f, base)),
    )


def _place(source: _Source, entry: _Function, room: int) -> dict[_Function, int]:
    """Function -> first slot in the linked program: callees follow in the order in which they are first called."""
    placed = {entry: 0}
    end = entry.end - entry.start
    pending = [entry]
    while pending:
        if end > room:
            raise too_large("its programs, each with what it calls, have more instructions", MAX_SLOTS)
        function = pending.pop()
        found = []
        for slot in range(function.start, function.end):
            callee = _callee(source, function, slot)
            if callee is not None and callee not in placed:
                placed[callee] = end
                end += callee.end - callee.start
                found.append(callee)
        pending.extend(reversed(found))
    return placed


def _callee(source: _Source, function: _Function, slot: int) -> _Function | None:
    """The function that the instruction at `slot` refers to, by a call or by taking its address."""
    insn = source.insns[function.section][slot]
    relocation = source.relocations.get((function.section, slot))
    section = function.section
    if insn.opcode == _CALL and insn.src == op.CALL_LOCAL:
        place = slot + 1 + insn.imm
        if relocation is not None:
            section = relocation.symbol.section
            if section == UNDEFINED:
                return None
            place = relocation.symbol.value // 8 + 1 + insn.imm
    elif insn.opcode == op.WIDE and relocation is not None and _is_code(source, relocation.symbol.section):
        section = relocation.symbol.section
        place = (relocation.symbol.value + insn.imm) // 8
    else:
        return None
    if (section, place) not in source.functions:
        raise malformed(f"`{function.name}` refers to a function that does not exist")
    return source.functions[section, place]


def _is_code(source: _Source, section: int) -> bool:
    return section in source.insns


def _resolve(
    source: _Source, function: _Function, slot: int, placed: Mapping[_Function, int]
) -> tuple[Insn, Relocation | None]:
    """The instruction of the linked program, and what is left of its relocation (at a slot that is not yet right)."""
    insn = source.insns[function.section][slot]
    here = slot - function.start + placed[function]
    callee = _callee(source, function, slot)
    if callee is not None and insn.opcode == _CALL:
        return replace(insn, imm=placed[callee] - here - 1), None
    if callee is not None:
        return replace(insn, src=op.WIDE_CODE, imm=placed[callee] - here - 1), None
    relocation = source.relocations.get((function.section, slot))
    if relocation is None:
        return insn, None
    return _external(source, function, insn, relocation)


def _external(
    source: _Source, function: _Function, insn: Insn, relocation: ElfRelocation
) -> tuple[Insn, Relocation | None]:
    symbol = relocation.symbol
    if relocation.kind == R_BPF_64_32 and insn.opcode == _CALL and symbol.section == UNDEFINED:
        return replace(insn, src=op.CALL_KFUNC, imm=0), Relocation(0, RelocationKind.KFUNC, symbol.name)
    if relocation.kind == R_BPF_64_64 and insn.opcode == op.WIDE:
        if (symbol.section, symbol.value) in source.maps and symbol.kind == "STT_OBJECT":
            name = source.maps[symbol.section, symbol.value]
            return replace(insn, src=op.WIDE_MAP, imm=0), Relocation(0, RelocationKind.MAP, name)
        if symbol.section in source.data:
            addend = symbol.value + insn.imm
            target = Relocation(0, RelocationKind.MAP_VALUE, source.data[symbol.section], addend)
            return replace(insn, src=op.WIDE_MAP_VALUE, imm=0), target
    raise not_modelled(
        f"the reference from `{function.name}` to `{symbol.name or 'another section'}`",
        "refer to maps, global variables and functions of the same object only",
    )


def _function_info(source: _Source, function: _Function, base: int) -> FunctionInfo:
    records = source.ext.functions.get(source.elf.sections[function.section].name, ())
    at = bisect_left(records, function.start, key=lambda r: r.slot)
    found = at < len(records) and records[at].slot == function.start
    return FunctionInfo(base, function.name, records[at].type_id if found else 0)


def _lines(source: _Source, function: _Function, base: int) -> list[LineInfo]:
    records = source.ext.lines.get(source.elf.sections[function.section].name, ())
    first, last = (bisect_left(records, slot, key=lambda r: r.slot) for slot in (function.start, function.end))
    return [LineInfo(r.slot - function.start + base, r.file, r.line, r.column, r.text) for r in records[first:last]]
