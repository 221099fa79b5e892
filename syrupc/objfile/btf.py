"""BTF, the type information of BPF: read the types a loader needs, and complete what compilers leave open."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from syrupc.objfile.nesting import check_nesting
from syrupc.objfile.refusals import malformed, too_large
from syrupc.objfile.strings import Strings

INT: Final = 1
PTR: Final = 2
ARRAY: Final = 3
STRUCT: Final = 4
UNION: Final = 5
ENUM: Final = 6
FWD: Final = 7
TYPEDEF: Final = 8
VOLATILE: Final = 9
CONST: Final = 10
RESTRICT: Final = 11
FUNC: Final = 12
FUNC_PROTO: Final = 13
VAR: Final = 14
DATASEC: Final = 15
FLOAT: Final = 16
DECL_TAG: Final = 17
TYPE_TAG: Final = 18
ENUM64: Final = 19

GLOBAL: Final = 1
"""The linkage of a function that the kernel verifies on its own (a FUNC keeps it where others count members)."""

_ALIASES: Final = frozenset({TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG})
_SIZED: Final = frozenset({INT, STRUCT, UNION, ENUM, FLOAT, ENUM64, DATASEC})
_HEADER: Final = struct.Struct("<HBBIIIII")
_TYPE: Final = struct.Struct("<III")
_MAGIC: Final = 0xEB9F
_VERSION: Final = 1
_RESERVED: Final = 0x60FF0000
MAX_SIZE: Final = 4 << 20
MAX_TYPES: Final = 1 << 16
"""Limits of what is read."""

# Bytes after the common twelve: a fixed part, and one for each of the `vlen` members.
_EXTRA: Final = {
    INT: (4, 0),
    PTR: (0, 0),
    ARRAY: (12, 0),
    STRUCT: (0, 12),
    UNION: (0, 12),
    ENUM: (0, 8),
    FWD: (0, 0),
    TYPEDEF: (0, 0),
    VOLATILE: (0, 0),
    CONST: (0, 0),
    RESTRICT: (0, 0),
    FUNC: (0, 0),
    FUNC_PROTO: (0, 8),
    VAR: (4, 0),
    DATASEC: (0, 12),
    FLOAT: (0, 0),
    DECL_TAG: (4, 0),
    TYPE_TAG: (0, 0),
    ENUM64: (0, 12),
}


@dataclass(frozen=True, slots=True)
class BtfType:
    """One type. `size` and `type` are the same field of the format: which one it is depends on `kind`.

    `flag` is the format's `kind_flag`. `place` is the offset of its first byte in the section, `members` the offset
    after the common twelve bytes.
    """

    kind: int
    name: str
    vlen: int
    size: int
    flag: bool
    place: int
    members: int

    @property
    def type(self) -> int:
        return self.size


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a struct, a parameter, or a variable of a data section; `offset` as the format has it."""

    name: str
    type: int
    offset: int
    size: int = 0


@dataclass(frozen=True, slots=True)
class Btf:
    """A parsed section: whatever its types name exists, and none contains itself. `types[0]` stands for `void`."""

    raw: bytes
    strings: Strings
    types: tuple[BtfType, ...]
    ids: Mapping[tuple[int, str], int]
    """(kind, name) -> the first type of that kind and name."""

    def type(self, type_id: int) -> BtfType:
        if not 0 <= type_id < len(self.types):
            raise malformed(f"its BTF names type {type_id} of {len(self.types) - 1}")
        return self.types[type_id]

    def resolve(self, type_id: int) -> BtfType:
        """The type behind typedefs and qualifiers."""
        found = self.type(type_id)
        while found.kind in _ALIASES:
            found = self.type(found.type)
        return found

    def find_size(self, type_id: int) -> int | None:
        """Bytes of a value of the type; None where there are no such values."""
        factor = 1
        while (found := self.resolve(type_id)).kind == ARRAY:
            type_id, _, count = struct.unpack_from("<III", self.raw, found.members)
            factor *= count
        if found.kind == PTR:
            return 8 * factor
        return found.size * factor if found.kind in _SIZED else None

    def size_of(self, type_id: int) -> int:
        """Bytes of a value of the type, which has some; raises `ObjectError`."""
        size = self.find_size(type_id)
        if size is None:
            raise malformed(f"its BTF uses type {type_id}, which has no size, as a value")
        return size

    def array_length(self, found: BtfType) -> int:
        return int(struct.unpack_from("<I", self.raw, found.members + 8)[0])

    def members(self, found: BtfType) -> Iterator[Member]:
        """The members of a struct or union, or the variables of a data section."""
        for i in range(found.vlen):
            a, b, c = struct.unpack_from("<III", self.raw, found.members + 12 * i)
            if found.kind == DATASEC:
                yield Member("", a, b, c)
            else:
                yield Member(self.strings.name(a), b, c)

    def parameters(self, found: BtfType) -> Iterator[tuple[str, int]]:
        """Name and type of each parameter of a prototype."""
        for i in range(found.vlen):
            name, type_id = struct.unpack_from("<II", self.raw, found.members + 8 * i)
            yield self.strings.name(name), type_id

    def named(self, kind: int, name: str) -> int:
        """The id of the first type of this kind and name, 0 where there is none."""
        return self.ids.get((kind, name), 0)


def parse_btf(raw: bytes) -> Btf:
    """Read a `.BTF` section; raises `ObjectError` for a damaged one."""
    if len(raw) > MAX_SIZE:
        raise too_large(f"its BTF has {len(raw)} bytes", MAX_SIZE)
    if len(raw) < _HEADER.size:
        raise malformed("its BTF is shorter than a header")
    magic, version, flags, header, type_offset, type_size, string_offset, string_size = _HEADER.unpack_from(raw)
    start, text = header + type_offset, header + string_offset
    if magic != _MAGIC or version != _VERSION or flags or header < _HEADER.size or any(raw[_HEADER.size : header]):
        raise malformed("its BTF header is of another kind")
    # All bytes are types, and behind them strings: kernels take nothing else.
    if type_offset or string_offset != type_size or text + string_size != len(raw):
        raise malformed("its BTF header does not fit the section")
    table = raw[text : text + string_size]
    if not table or table[0] or table[-1]:
        raise malformed("its BTF string table does not start and end with a zero byte")
    strings = Strings(table)
    types = (BtfType(0, "", 0, 0, False, 0, 0), *_types(raw, strings, start, start + type_size))
    ids = {(found.kind, found.name): number for number, found in reversed(list(enumerate(types)))}
    btf = Btf(raw, strings, types, ids)
    references = [_references(btf, found) for found in types]
    check_nesting(btf, lambda number: () if types[number].kind in _APART else references[number])
    return btf


def _types(raw: bytes, strings: Strings, place: int, end: int) -> Iterator[BtfType]:
    for _ in range(MAX_TYPES):
        if place == end:
            return
        if place + _TYPE.size > end:
            raise malformed("its BTF types end in the middle of one")
        name, info, size = _TYPE.unpack_from(raw, place)
        kind, vlen = info >> 24 & 0x1F, info & 0xFFFF
        if kind not in _EXTRA:
            raise malformed(f"its BTF has a type of unknown kind {kind}")
        if info & _RESERVED:
            raise malformed("its BTF has a type in which bits are set that mean nothing")
        fixed, each = _EXTRA[kind]
        members = place + _TYPE.size
        following = members + fixed + each * vlen
        if following > end:
            raise malformed("its BTF types end in the middle of one")
        yield BtfType(kind, strings.name(name), vlen, size, bool(info >> 31), place, members)
        place = following
    if place != end:
        raise too_large("its BTF has more types", MAX_TYPES)


_APART: Final = frozenset({PTR, FUNC, FUNC_PROTO, DECL_TAG})
"""Kinds that name other types without being made of them."""


def _references(btf: Btf, found: BtfType) -> Sequence[int]:
    """The types that a type names, which exist; its names are looked at as well."""
    numbers: Sequence[int] = ()
    match found.kind:
        case kind if kind in _ALIASES or kind in (PTR, FUNC, VAR, DECL_TAG):
            numbers = (found.type,)
        case kind if kind == ARRAY:
            numbers = struct.unpack_from("<II", btf.raw, found.members)
        case kind if kind in (STRUCT, UNION, DATASEC):
            numbers = [member.type for member in btf.members(found)]
        case kind if kind == FUNC_PROTO:
            numbers = (found.type, *(type_id for _, type_id in btf.parameters(found)))
        case kind if kind in (ENUM, ENUM64):
            for i in range(found.vlen):
                btf.strings.name(struct.unpack_from("<I", btf.raw, found.members + _EXTRA[kind][1] * i)[0])
    kinds = {btf.type(number).kind for number in numbers}
    if found.kind in _ONLY and not kinds <= _ONLY[found.kind]:
        raise malformed(f"`{found.name}` in its BTF is of a type that it cannot be of")
    return numbers


_ONLY: Final = {FUNC: {FUNC_PROTO}, DATASEC: {VAR, FUNC}}


@dataclass(frozen=True, slots=True)
class DataSection:
    """What ELF knows of a data section and BTF leaves open: its size, and where its global variables are."""

    size: int
    variables: Mapping[str, int]


def complete_datasecs(btf: Btf, sections: Mapping[str, DataSection]) -> bytes:
    """The section's bytes with the sizes of data sections and the offsets of their variables filled in.

    Compilers leave both 0; the kernel wants them, in ascending order (`Documentation/bpf/btf.rst`).
    """
    raw = bytearray(btf.raw)
    for found in btf.types:
        if found.kind == DATASEC and found.name in sections:
            _complete(raw, btf, found, sections[found.name])
    return bytes(raw)


def _complete(raw: bytearray, btf: Btf, found: BtfType, section: DataSection) -> None:
    struct.pack_into("<I", raw, found.place + 8, section.size)
    members = []
    for member in btf.members(found):
        variable = btf.type(member.type)
        offset = section.variables.get(variable.name, member.offset)
        if offset + member.size > section.size:
            raise malformed(f"variable `{variable.name}` lies outside section `{found.name}`")
        members.append((offset, member.type, member.size))
    for i, (offset, type_id, size) in enumerate(sorted(members)):
        struct.pack_into("<III", raw, found.members + 12 * i, type_id, offset, size)
