"""`.BTF.ext`: which function and which source line the instructions of each section belong to."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

from syrupc.objfile.btf import FUNC, Btf
from syrupc.objfile.refusals import malformed, too_large

_HEADER: Final = struct.Struct("<HBBI")
_TABLES: Final = struct.Struct("<IIII")
_MAGIC: Final = 0xEB9F
_SECTION: Final = struct.Struct("<II")
MAX_RECORDS: Final = 1 << 17


@dataclass(frozen=True, slots=True)
class FunctionRecord:
    """A function starts at `slot` of its section."""

    slot: int
    type_id: int
    name: str


@dataclass(frozen=True, slots=True)
class LineRecord:
    """From `slot` of its section on, instructions come from this place."""

    slot: int
    file: str
    line: int
    column: int
    text: str


_Record = TypeVar("_Record", FunctionRecord, LineRecord)


@dataclass(frozen=True, slots=True)
class BtfExt:
    """Records by section name, in ascending order of slots."""

    functions: dict[str, tuple[FunctionRecord, ...]]
    lines: dict[str, tuple[LineRecord, ...]]


def parse_btf_ext(raw: bytes, btf: Btf) -> BtfExt:
    """Read a `.BTF.ext` section; raises `ObjectError` for a damaged one."""
    if len(raw) < _HEADER.size + _TABLES.size:
        raise malformed("its BTF.ext is shorter than a header")
    magic, _, _, header = _HEADER.unpack_from(raw)
    functions, functions_size, lines, lines_size = _TABLES.unpack_from(raw, _HEADER.size)
    if magic != _MAGIC:
        raise malformed("its BTF.ext does not start as one")
    return BtfExt(
        functions={
            name: _ascending([_function(r, btf) for r in records])
            for name, records in _table(raw, btf, header + functions, functions_size, 8).items()
        },
        lines={
            name: _ascending([_line(r, btf) for r in records])
            for name, records in _table(raw, btf, header + lines, lines_size, 16).items()
        },
    )


def _ascending(records: list[_Record]) -> tuple[_Record, ...]:
    found = {record.slot: record for record in records}
    if len(found) < len(records):
        raise malformed("its BTF.ext speaks twice of an instruction")
    return tuple(found[slot] for slot in sorted(found))


def _table(raw: bytes, btf: Btf, place: int, size: int, least: int) -> dict[str, list[bytes]]:
    """The records of a table by the section that they are about."""
    found: dict[str, list[bytes]] = {}
    total = 0
    for name, records in _sections(raw, btf, place, size, least):
        total += len(records)
        if name in found or not records:
            raise malformed(f"its BTF.ext speaks twice of section `{name}`, or says nothing of it")
        if total > MAX_RECORDS:
            raise too_large("a table of its BTF.ext has more records", MAX_RECORDS)
        found[name] = records
    return found


def _sections(raw: bytes, btf: Btf, place: int, size: int, least: int) -> Iterator[tuple[str, list[bytes]]]:
    end = place + size
    if end > len(raw):
        raise malformed("a table of its BTF.ext lies outside the section")
    if size == 0:
        return
    if size < 4:
        raise malformed("a table of its BTF.ext is cut off")
    (record,) = struct.unpack_from("<I", raw, place)
    place += 4
    if record < least or record % 4:
        raise malformed(f"its BTF.ext has records of {record} bytes")
    while place < end:
        if place + _SECTION.size > end:
            raise malformed("a table of its BTF.ext is cut off")
        name, count = _SECTION.unpack_from(raw, place)
        place += _SECTION.size
        if place + count * record > end:
            raise malformed("a table of its BTF.ext is cut off")
        yield btf.strings.at(name), [raw[place + i * record : place + (i + 1) * record] for i in range(count)]
        place += count * record


def _function(record: bytes, btf: Btf) -> FunctionRecord:
    offset, type_id = struct.unpack_from("<II", record)
    found = btf.type(type_id)
    if found.kind != FUNC:
        raise malformed(f"its BTF.ext names type {type_id} as a function")
    return FunctionRecord(_slot(offset), type_id, found.name)


def _line(record: bytes, btf: Btf) -> LineRecord:
    offset, file, text, place = struct.unpack_from("<IIII", record)
    return LineRecord(_slot(offset), btf.strings.at(file), place >> 10, place & 0x3FF, btf.strings.at(text))


def _slot(offset: int) -> int:
    if offset % 8:
        raise malformed("its BTF.ext names a place inside an instruction")
    return offset // 8
