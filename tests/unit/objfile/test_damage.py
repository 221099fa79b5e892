"""Whatever bytes are read: an object, or one diagnostic SYR4xx; never another exception, and never for long."""

from __future__ import annotations

import random
import struct
from pathlib import Path

import pytest

from syrupc import explain
from syrupc.errors import ObjectError
from syrupc.objfile import btf, elf, link, mapdefs, nesting
from syrupc.objfile.reader import read_object
from tests.unit.objfile.llvm import SHARED, assemble

E_SHOFF, E_SHNUM, E_SHSTRNDX, E_SHENTSIZE = 40, 60, 62, 58


def code_of(data: bytes) -> str:
    with pytest.raises(ObjectError) as caught:
        read_object(data)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic.code


def prefixes(data: bytes) -> list[str]:
    """How the codes begin that the bytes give; none for an object."""
    try:
        read_object(data)
    except ObjectError as error:
        return [diagnostic.code[:4] for diagnostic in error.diagnostics]
    return []


def changed(offset: int, layout: str, value: int) -> bytes:
    data = bytearray(assemble())
    struct.pack_into("<" + layout, data, offset, value)
    return bytes(data)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x7f", b"\x7fELF", b"#!/bin/sh\n" * 10, b"\x7fELF" + bytes(60), bytes(1 << 16)],
    ids=["empty", "byte", "magic", "script", "zeros", "blank"],
)
def test_what_is_no_elf_file_is_no_object(data: bytes) -> None:
    assert code_of(data) == "SYR401"


@pytest.mark.parametrize(("offset", "value"), [(4, 1), (5, 2)])
def test_other_classes_and_byte_orders_are_no_objects(offset: int, value: int) -> None:
    assert code_of(changed(offset, "B", value)) == "SYR401"


@pytest.mark.parametrize(("offset", "value"), [(16, 2), (18, 62)])
def test_files_for_other_machines_and_executables_are_no_objects(offset: int, value: int) -> None:
    assert code_of(changed(offset, "H", value)) == "SYR401"


def test_an_object_without_a_program_is_none() -> None:
    assert code_of(assemble('target triple = "bpfel"\n@x = global i32 1\n')) == "SYR401"


@pytest.mark.parametrize(
    ("offset", "layout", "value"),
    [
        (E_SHOFF, "Q", 1 << 60),
        (E_SHOFF, "Q", (1 << 64) - 8),
        (E_SHNUM, "H", 0),
        (E_SHNUM, "H", 0xFFFF),
        (E_SHSTRNDX, "H", 0xFFFF),
        (E_SHENTSIZE, "H", 8),
    ],
)
def test_impossible_headers_are_malformed(offset: int, layout: str, value: int) -> None:
    assert code_of(changed(offset, layout, value)) == "SYR402"


def section_headers() -> range:
    data = assemble()
    (start,) = struct.unpack_from("<Q", data, E_SHOFF)
    (count,) = struct.unpack_from("<H", data, E_SHNUM)
    return range(start, start + 64 * count, 64)


@pytest.mark.parametrize("field", [24, 32])
def test_sections_outside_the_file_are_malformed(field: int) -> None:
    for header in section_headers()[1:]:
        (kind,) = struct.unpack_from("<I", assemble(), header + 4)
        if kind != 8:
            assert code_of(changed(header + field, "Q", 1 << 40)) == "SYR402"


def test_a_huge_empty_section_is_malformed() -> None:
    (header,) = [h for h in section_headers() if struct.unpack_from("<I", assemble(), h + 4) == (8,)]
    assert code_of(changed(header + 32, "Q", 1 << 50)) == "SYR402"


def test_names_without_an_end_are_malformed() -> None:
    assert code_of(changed(section_headers()[1], "I", 0xFFFFFFF0)) == "SYR402"


def test_files_beyond_the_limit_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elf, "MAX_SIZE", 100)
    assert code_of(assemble()) == "SYR401"


def test_every_truncation_is_one_diagnostic() -> None:
    data = assemble()
    for length in range(0, len(data), 41):
        assert code_of(data[:length]).startswith("SYR4")


@pytest.mark.parametrize("seed", range(6))
def test_random_damage_is_an_object_or_one_diagnostic(seed: int) -> None:
    rnd = random.Random(seed)
    original = assemble()
    for _ in range(60):
        data = bytearray(original)
        for _ in range(rnd.choice([1, 2, 8])):
            place = rnd.randrange(len(data))
            data[place] = rnd.choice([0, 1, 0x7F, 0xFF, rnd.randrange(256)])
        assert prefixes(bytes(data)) in ([], ["SYR4"])


@pytest.mark.parametrize("section", [".BTF", ".BTF.ext"])
def test_every_damaged_word_of_the_type_information_is_an_object_or_one_diagnostic(section: str) -> None:
    original = assemble()
    found = elf.parse_elf(original).section(section)
    assert found is not None
    start = original.index(found.content)
    for offset in range(0, found.size, 4):
        data = bytearray(original)
        struct.pack_into("<I", data, start + offset, 0xFFFFFFF7)
        assert prefixes(bytes(data)) in ([], ["SYR4"])


# -- what is well-formed and yet not taken -----------------------------------------------------------------------------


def test_maps_without_type_information_are_malformed() -> None:
    text = SHARED.replace(", !dbg !10", "").replace(", !dbg !30", "").replace("globals: !4", "globals: !{}")
    text = text.replace("!4 = !{!10, !30, !60}", "!4 = !{!60}")
    assert code_of(assemble(text)) == "SYR402"


def test_unknown_fields_of_a_map_are_named() -> None:
    data = assemble(SHARED.replace('name: "max_entries"', 'name: "pinning_by"'))
    with pytest.raises(ObjectError, match="`pinning_by` in the definition of map"):
        read_object(data)


def test_references_to_other_objects_are_named() -> None:
    text = SHARED.replace("@limit = constant i32 5", "@limit = external global i32").replace(', section ".rodata"', "")
    with pytest.raises(ObjectError, match=r"the reference from `second` to `limit` is not modelled"):
        read_object(assemble(text))


def test_the_limits_are_those_that_are_explained() -> None:
    words = (Path(explain.__file__).parent / "SYR402.md").read_text()
    assert elf.MAX_SIZE == elf.MAX_ZEROED == 16 << 20
    assert btf.MAX_SIZE == 4 << 20
    limits = (btf.MAX_TYPES, nesting.MAX_DEPTH, elf.MAX_SYMBOLS, link.MAX_PROGRAMS, mapdefs.MAX_MAPS, link.MAX_SLOTS)
    assert "16 MiB" in words
    assert "4 MiB" in words
    assert all(f"{limit} " in words.replace("\n", " ") for limit in limits)
    assert elf.MAX_RELOCATIONS == elf.MAX_SYMBOLS
    assert link.MAX_PROGRAMS == mapdefs.MAX_MAPS
