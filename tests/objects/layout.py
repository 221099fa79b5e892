"""Where things are in a well-formed object: headers, sections and types, as offsets that a mutation can write to."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache
from typing import Final

SHOFF: Final = 40
HEADER_FIELDS: Final = {
    "type": (16, "H"),
    "machine": (18, "H"),
    "version": (20, "I"),
    "phoff": (32, "Q"),
    "shoff": (SHOFF, "Q"),
    "flags": (48, "I"),
    "ehsize": (52, "H"),
    "phnum": (56, "H"),
    "shentsize": (58, "H"),
    "shnum": (60, "H"),
    "shstrndx": (62, "H"),
}
SECTION_FIELDS: Final = {
    "name": (0, "I"),
    "type": (4, "I"),
    "flags": (8, "Q"),
    "addr": (16, "Q"),
    "offset": (24, "Q"),
    "size": (32, "Q"),
    "link": (40, "I"),
    "info": (44, "I"),
    "addralign": (48, "Q"),
    "entsize": (56, "Q"),
}
SYMBOL_FIELDS: Final = ((0, "I"), (4, "B"), (5, "B"), (6, "H"), (8, "Q"), (16, "Q"))
RELOCATION_FIELDS: Final = ((0, "Q"), (8, "I"), (12, "I"))
SYMTAB: Final = 2
REL: Final = 9
NOBITS: Final = 8
_EXECUTABLE: Final = 4
_EXTRA: Final = {1: (4, 0), 3: (12, 0), 4: (0, 12), 5: (0, 12), 6: (0, 8), 13: (0, 8), 14: (4, 0), 15: (0, 12)}
_EXTRA_NEWER: Final = {17: (4, 0), 19: (0, 12)}


@dataclass(frozen=True, slots=True)
class Section:
    """A section; `header` is where its entry in the section table begins."""

    name: str
    header: int
    kind: int
    executable: bool
    offset: int
    size: int


@dataclass(frozen=True, slots=True)
class Layout:
    """`types` are the offsets of the BTF types in the file, in order of their ids from 1 on."""

    size: int
    sections: tuple[Section, ...]
    types: tuple[int, ...]

    def named(self, name: str) -> Section | None:
        return next((s for s in self.sections if s.name == name), None)

    def of_kind(self, kind: int) -> tuple[Section, ...]:
        return tuple(s for s in self.sections if s.kind == kind and s.size)

    @property
    def code(self) -> tuple[Section, ...]:
        return tuple(s for s in self.sections if s.executable and s.size >= 8)


@cache
def layout(data: bytes) -> Layout:
    """The layout of an object that a compiler wrote."""
    (start,) = struct.unpack_from("<Q", data, SHOFF)
    count, names = struct.unpack_from("<HH", data, 60)
    headers = [start + 64 * number for number in range(count)]
    (strings,) = struct.unpack_from("<Q", data, headers[names] + 24)
    sections = tuple(_section(data, header, strings) for header in headers)
    btf = next((s for s in sections if s.name == ".BTF"), None)
    return Layout(len(data), sections, _types(data, btf.offset) if btf else ())


def _section(data: bytes, header: int, strings: int) -> Section:
    name, kind, flags, _, offset, size = struct.unpack_from("<IIQQQQ", data, header)
    end = data.index(b"\0", strings + name)
    return Section(data[strings + name : end].decode(), header, kind, bool(flags & _EXECUTABLE), offset, size)


def _types(data: bytes, start: int) -> tuple[int, ...]:
    header, place, size = struct.unpack_from("<III", data, start + 4)
    place += start + header
    end, found = place + size, []
    while place < end:
        found.append(place)
        (info,) = struct.unpack_from("<I", data, place + 4)
        fixed, each = (_EXTRA | _EXTRA_NEWER).get(info >> 24 & 31, (0, 0))
        place += 12 + fixed + each * (info & 0xFFFF)
    return tuple(found)
