"""Ways to damage an object that know its format, each a function of a source of chance and an object."""

from __future__ import annotations

import json
import random
import struct
import zlib
from collections.abc import Callable
from typing import Any, Final

from tests.objects.layout import (
    HEADER_FIELDS,
    NOBITS,
    REL,
    RELOCATION_FIELDS,
    SECTION_FIELDS,
    SYMBOL_FIELDS,
    SYMTAB,
    Layout,
    Section,
    layout,
)

_Mutation = Callable[[random.Random, bytearray, Layout], None]

_EXTREMES: Final = (
    *(0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 24, 31, 63, 64, 127, 128, 255, 256, 1023, 4095, 4096),
    *(0x7FFF, 0x8000, 0xFF00, 0xFFF1, 0xFFFE, 0xFFFF, 0x10000, 0xFFFFFF, 0x1000000, 0x7FFFFFFF, 0x80000000),
    *(0xFFFFFFF8, 0xFFFFFFFF, 1 << 32, 1 << 40, (1 << 63) - 1, 1 << 63, (1 << 64) - 8, (1 << 64) - 1),
)
NASTY: Final = (
    b"\x1b[2J\x1b]0;title\x07",
    b"a\nb\r\nerror[SYR000]: forged",
    b"\xff\xfe\x80",
    b"\xc3\x28\xed\xa0\x80",
    "\u202egnp.\u2066\u200f".encode(),
    b"\x9b31m\x00\x00",
    b"::error file=x::y",
    b"%s%n{0}{name}`",
    b"",
    b"A" * 300,
)
"""What a name must not do to whoever reads it: escape sequences, new lines, bytes that are no text, reversed text."""

_SIZES: Final = {"B": 1, "H": 2, "I": 4, "Q": 8}


def mutate(rnd: random.Random, original: bytes) -> bytes:
    """The object after one to four mutations; the later ones may hit what is no longer there."""
    data, where = bytearray(original), layout(original)
    for _ in range(rnd.choice((1, 1, 1, 1, 2, 2, 3, 4))):
        rnd.choice(_MUTATIONS)(rnd, data, where)
    return bytes(data)


def mutate_types(rnd: random.Random, original: bytes) -> bytes:
    """The object after one to three mutations of its type information only."""
    data, where = bytearray(original), layout(original)
    for _ in range(rnd.choice((1, 1, 1, 2, 3))):
        rnd.choice((_type, _type, _type_words))(rnd, data, where)
    return bytes(data)


def with_content(original: bytes, name: str, content: bytes) -> bytes:
    """The object with another content of a section."""
    data, section = bytearray(original), layout(original).named(name)
    assert section
    _replace(data, section, content)
    return bytes(data)


# -- helpers -----------------------------------------------------------------------------------------------------------


def _put(data: bytearray, offset: int, kind: str, value: int) -> None:
    """Write a number, cut to its width; nothing where the file no longer reaches."""
    size = _SIZES[kind]
    if 0 <= offset <= len(data) - size:
        data[offset : offset + size] = (value & ((1 << 8 * size) - 1)).to_bytes(size, "little")


def _get(data: bytearray, offset: int, kind: str) -> int:
    return int.from_bytes(data[offset : offset + _SIZES[kind]], "little")


def _number(rnd: random.Random, old: int, where: Layout) -> int:
    """A number that is likely to hurt: an extreme one, one near the old one or near the file's size, or any."""
    match rnd.randrange(8):
        case 0 | 1 | 2 | 3:
            return rnd.choice(_EXTREMES)
        case 4 | 5:
            return old + rnd.choice((-8, -4, -1, 1, 4, 8, 64))
        case 6:
            return where.size + rnd.choice((-64, -8, -1, 0, 1, 8))
        case _:
            return rnd.getrandbits(rnd.choice((4, 8, 16, 32, 64)))


def _change(rnd: random.Random, data: bytearray, where: Layout, offset: int, kind: str) -> None:
    _put(data, offset, kind, _number(rnd, _get(data, offset, kind), where))


def _replace(data: bytearray, section: Section, content: bytes) -> None:
    """Give the section other content, at the end of the file."""
    _put(data, section.header + 24, "Q", len(data))
    _put(data, section.header + 32, "Q", len(content))
    data.extend(content)


def _slot(rnd: random.Random, section: Section, size: int) -> int:
    return section.offset + size * rnd.randrange(section.size // size)


# -- the file ----------------------------------------------------------------------------------------------------------


def _cut(rnd: random.Random, data: bytearray, where: Layout) -> None:
    borders = [
        64,
        *(s.offset + part for s in where.sections for part in (0, s.size)),
        *(s.header for s in where.sections),
    ]
    at = rnd.choice(borders) + rnd.choice((-1, 0, 1)) if rnd.random() < 0.7 else rnd.randrange(where.size)
    del data[max(at, 0) :]


def _flip(rnd: random.Random, data: bytearray, where: Layout) -> None:  # noqa: ARG001 - as all others
    for _ in range(rnd.choice((1, 1, 2, 4, 16)) if data else 0):
        data[rnd.randrange(len(data))] = rnd.choice((0, 1, 0x7F, 0x80, 0xFF, rnd.randrange(256)))


def _header(rnd: random.Random, data: bytearray, where: Layout) -> None:
    _change(rnd, data, where, *rnd.choice(tuple(HEADER_FIELDS.values())))


def _section_field(rnd: random.Random, data: bytearray, where: Layout) -> None:
    section = rnd.choice(where.sections)
    offset, kind = rnd.choice(tuple(SECTION_FIELDS.values()))
    _change(rnd, data, where, section.header + offset, kind)


def _section_swap(rnd: random.Random, data: bytearray, where: Layout) -> None:
    """Two sections exchange or share a field: type, name, place, flags …"""
    one, other = rnd.choice(where.sections), rnd.choice(where.sections)
    offset, kind = rnd.choice(tuple(SECTION_FIELDS.values()))
    first, second = (_get(data, s.header + offset, kind) for s in (one, other))
    _put(data, one.header + offset, kind, second)
    if rnd.random() < 0.5:
        _put(data, other.header + offset, kind, first)


def _section_kind(rnd: random.Random, data: bytearray, where: Layout) -> None:
    section = rnd.choice(where.sections)
    _put(data, section.header + 4, "I", rnd.choice((0, 1, 2, 3, 4, 8, 9, 11, 14, 17, 18, 19, 0x6FFFFFF6, 0x70000001)))


def _overlap(rnd: random.Random, data: bytearray, where: Layout) -> None:
    one, other = rnd.choice(where.sections), rnd.choice(where.sections)
    _put(data, one.header + 24, "Q", other.offset + rnd.choice((0, 0, 8, 1, other.size // 2)))


def _compressed(rnd: random.Random, data: bytearray, where: Layout) -> None:
    """A section says that it is compressed, and is: small here, up to a gigabyte there."""
    section = rnd.choice(where.sections)
    claimed = rnd.choice((64, 1 << 20, 1 << 30, (1 << 64) - 1))
    content = struct.pack("<IIQQ", rnd.choice((1, 2, 7)), 0, claimed, 1) + zlib.compress(
        bytes(1 << rnd.randrange(4, 18))
    )
    _put(data, section.header + 8, "Q", _get(data, section.header + 8, "Q") | 0x800)
    _replace(data, section, content)


def _content(rnd: random.Random, data: bytearray, where: Layout) -> None:
    section = rnd.choice(where.sections)
    if section.kind != NOBITS:
        size = rnd.choice((section.size, 0, 1, section.size // 2, section.size + 8))
        _replace(data, section, rnd.choice((bytes(size), rnd.randbytes(size), b"\xff" * size)))


# -- symbols, relocations, instructions --------------------------------------------------------------------------------


def _symbol(rnd: random.Random, data: bytearray, where: Layout) -> None:
    for section in where.of_kind(SYMTAB):
        offset, kind = rnd.choice(SYMBOL_FIELDS)
        place, other = _slot(rnd, section, 24) + offset, _slot(rnd, section, 24) + offset
        if rnd.random() < 0.3:
            _put(data, place, kind, _get(data, other, kind))
        else:
            _change(rnd, data, where, place, kind)


def _relocation(rnd: random.Random, data: bytearray, where: Layout) -> None:
    sections = where.of_kind(REL)
    if sections:
        section = rnd.choice(sections)
        offset, kind = rnd.choice(RELOCATION_FIELDS)
        _change(rnd, data, where, _slot(rnd, section, 16) + offset, kind)


def _repeated(rnd: random.Random, data: bytearray, where: Layout) -> None:
    """A table many times over."""
    sections = (*where.of_kind(REL), *where.of_kind(SYMTAB))
    if sections:
        section = rnd.choice(sections)
        content = bytes(data[section.offset : section.offset + section.size])
        _replace(data, section, content * rnd.choice((2, 3, 20)))


def _instruction(rnd: random.Random, data: bytearray, where: Layout) -> None:
    if not where.code:
        return
    section = rnd.choice(where.code)
    place = _slot(rnd, section, 8)
    match rnd.randrange(6):
        case 0:
            _put(data, place, "B", rnd.randrange(256))
        case 1:
            _put(data, place + 1, "B", rnd.randrange(256))
        case 2:
            _change(rnd, data, where, place + 2, "H")
        case 3:
            _change(rnd, data, where, place + 4, "I")
        case 4:
            _put(data, place, "Q", _get(data, _slot(rnd, section, 8), "Q"))
        case _:
            _put(data, place, "Q", rnd.getrandbits(64))


# -- type information --------------------------------------------------------------------------------------------------


def _type(rnd: random.Random, data: bytearray, where: Layout) -> None:
    """A type gets another kind, count, or reference: to itself, to another, to nothing."""
    if not where.types:
        return
    number = rnd.randrange(len(where.types))
    place = where.types[number]
    match rnd.randrange(7):
        case 0:
            _put(data, place + 7, "B", rnd.randrange(256))
        case 1:
            _put(data, place + 4, "H", rnd.choice((0, 1, 2, 0x7FFF, 0xFFFF, rnd.randrange(64))))
        case 2:
            _put(data, place + 8, "I", number + 1)
        case 3:
            _put(data, place + 8, "I", rnd.randrange(len(where.types) + 2))
        case 4:
            _put(
                data, place + 12 + 4 * rnd.randrange(6), "I", rnd.choice((number + 1, rnd.randrange(len(where.types))))
            )
        case 5:
            _change(rnd, data, where, place + 12 + 4 * rnd.randrange(6), "I")
        case _:
            _change(rnd, data, where, place + 4 * rnd.randrange(3), "I")


def _type_words(rnd: random.Random, data: bytearray, where: Layout) -> None:
    for name in (".BTF", ".BTF.ext"):
        section = where.named(name)
        if section and section.size >= 4 and rnd.random() < 0.6:
            reach = 10 if rnd.random() < 0.3 else section.size // 4
            _change(rnd, data, where, section.offset + 4 * rnd.randrange(reach), "I")


# -- names and text ----------------------------------------------------------------------------------------------------


def _names(rnd: random.Random, data: bytearray, where: Layout) -> None:
    """Bytes of a string table are written over."""
    tables = [s for s in where.sections if s.kind == 3 or s.name in (".BTF", "license")]
    section = rnd.choice(tables)
    nasty = rnd.choice(NASTY)
    place = section.offset + rnd.randrange(max(section.size, 1))
    room = min(len(nasty), section.offset + section.size - place)
    if place + room <= len(data):
        data[place : place + room] = nasty[:room]


def _metadata(rnd: random.Random, data: bytearray, where: Layout) -> None:
    """A value of the `.syrup` section becomes another."""
    section = where.named(".syrup")
    if section is None:
        return
    try:
        document = json.loads(bytes(data[section.offset : section.offset + section.size]))
    except ValueError:  # damaged before
        return
    for _ in range(rnd.choice((1, 1, 2))):
        document = _altered(rnd, document)
    _replace(data, section, json.dumps(document).encode())


def _altered(rnd: random.Random, value: Any) -> Any:
    if value and isinstance(value, (dict, list)) and rnd.random() < 0.85:
        key = rnd.choice(list(value)) if isinstance(value, dict) else rnd.randrange(len(value))
        if rnd.random() < 0.1:
            del value[key]
        else:
            value[key] = _altered(rnd, value[key])
        return value
    return rnd.choice(
        (
            *(None, True, 0, -1, 1, 1 << 31, 1 << 63, 1 << 200, -(1 << 70), 1.5, "", "u32", "no such", [], {}),
            *([[[[]]]], {"element": "u64", "count": rnd.choice((-1, 0, 1 << 40))}, float("inf"), "\ud800\x1b[31m"),
            *(
                {"struct": "s", "fields": rnd.choice(([], [["a", "u8"], ["a", "u64"]]))},
                rnd.choice(NASTY).decode("latin-1"),
            ),
        )
    )


_MUTATIONS: Final[tuple[_Mutation, ...]] = (
    _cut,
    _flip,
    _flip,
    _header,
    _section_field,
    _section_field,
    _section_swap,
    _section_kind,
    _overlap,
    _compressed,
    _content,
    _symbol,
    _symbol,
    _relocation,
    _relocation,
    _repeated,
    _instruction,
    _instruction,
    _instruction,
    _type,
    _type,
    _type,
    _type_words,
    _type_words,
    _names,
    _metadata,
    _metadata,
)
