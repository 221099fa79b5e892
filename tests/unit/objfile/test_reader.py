"""What is read back from an object: programs with what they call, maps, data, licence, places in the source."""

from __future__ import annotations

import re

import pytest

from syrupc.driver import compile_source
from syrupc.errors import ObjectError
from syrupc.frontend.source import PolicySource
from syrupc.isa import opcodes as op
from syrupc.objfile.btf import DATASEC, parse_btf
from syrupc.objfile.model import Object, Program, RelocationKind
from syrupc.objfile.progload import FUNC_INFO_SIZE, LINE_INFO_SIZE, func_info_bytes, line_info_bytes
from syrupc.objfile.reader import read_object
from syrupc.options import Options
from tests.unit.objfile.llvm import SHARED, assemble


@pytest.fixture(scope="module")
def shared() -> Object:
    return read_object(assemble())


def programs(obj: Object) -> dict[str, Program]:
    return {program.name: program for program in obj.programs}


def test_functions_outside_text_are_programs_in_the_order_of_the_object(shared: Object) -> None:
    assert [(p.name, p.section) for p in shared.programs] == [
        ("first", "sk_reuseport"),
        ("second", "sk_reuseport/other"),
    ]


def test_each_program_is_followed_by_the_functions_that_it_reaches(shared: Object) -> None:
    reached = {name: [f.name for f in p.functions] for name, p in programs(shared).items()}
    assert reached == {"first": ["first", "shared"], "second": ["second", "outer", "shared"]}


def test_functions_start_where_their_slots_say(shared: Object) -> None:
    for program in shared.programs:
        ends = [*[f.slot for f in program.functions[1:]], len(program.insns)]
        for end in ends:
            assert program.insns[end - 1].opcode == op.JMP | op.EXIT


def test_calls_lead_to_the_functions_that_were_placed(shared: Object) -> None:
    for program in shared.programs:
        starts = {f.slot for f in program.functions}
        calls = [
            slot + 1 + insn.imm
            for slot, insn in enumerate(program.insns)
            if insn.opcode == op.JMP | op.CALL and insn.src == op.CALL_LOCAL
        ]
        assert calls
        assert set(calls) <= starts


def test_relocations_name_maps_and_places_in_data_sections(shared: Object) -> None:
    first = programs(shared)["first"]
    assert {(r.kind, r.target) for r in first.relocations} == {
        (RelocationKind.MAP, "hits"),
        (RelocationKind.MAP_VALUE, ".data"),
        (RelocationKind.MAP_VALUE, ".bss"),
    }
    for relocation in first.relocations:
        assert first.insns[relocation.slot].opcode == op.WIDE


def test_relocated_loads_say_what_they_load(shared: Object) -> None:
    first = programs(shared)["first"]
    kinds = {RelocationKind.MAP: op.WIDE_MAP, RelocationKind.MAP_VALUE: op.WIDE_MAP_VALUE}
    assert all(first.insns[r.slot].src == kinds[r.kind] for r in first.relocations)


def test_maps_come_with_the_sizes_of_their_types_or_with_those_given(shared: Object) -> None:
    maps = {m.name: m for m in shared.maps}
    hits, known = maps["hits"], maps["known"]
    assert (hits.type, hits.key_size, hits.value_size, hits.max_entries) == (2, 4, 8, 6)
    assert hits.key_type_id
    assert hits.value_type_id
    assert (known.type, known.key_size, known.value_size, known.max_entries) == (1, 6, 2, 6)
    assert (known.key_type_id, known.value_type_id) == (0, 0)


def test_data_sections_are_maps_of_one_value(shared: Object) -> None:
    maps = {m.name: m for m in shared.maps if m.initial is not None}
    assert {name: m.initial for name, m in maps.items()} == {
        ".data": (7).to_bytes(8, "little"),
        ".bss": bytes(8),
        ".rodata": (5).to_bytes(4, "little"),
    }
    assert all((m.type, m.key_size, m.max_entries) == (2, 4, 1) for m in maps.values())


def test_only_constants_are_closed_to_programs(shared: Object) -> None:
    assert {m.name for m in shared.maps if m.flags & 1 << 7} == {".rodata"}


def test_the_licence_is_read(shared: Object) -> None:
    assert shared.license == "GPL"


def test_an_object_without_a_licence_has_an_empty_one() -> None:
    text = SHARED.replace('section "license"', 'section "other"')
    assert read_object(assemble(text)).license == ""


def test_objects_of_others_have_no_spec(shared: Object) -> None:
    assert shared.spec is None


# -- places in the source ----------------------------------------------------------------------------------------------


def test_lines_follow_their_function_to_its_place(shared: Object) -> None:
    for program in shared.programs:
        starts = {f.name: f.slot for f in program.functions}
        lines = {line.slot: (line.file, line.line, line.column) for line in program.lines}
        assert lines[starts["shared"]] == ("policy.py", 11, 5)
    assert {line.line for line in programs(shared)["second"].lines} == {8, 11, 14}


def test_lines_are_in_ascending_order_of_slots(shared: Object) -> None:
    for program in shared.programs:
        slots = [line.slot for line in program.lines]
        assert slots == sorted(set(slots))
        assert slots[0] == 0


def test_load_records_name_the_same_places(shared: Object) -> None:
    btf = parse_btf(shared.btf)
    for program in shared.programs:
        functions, lines = func_info_bytes(program), line_info_bytes(program, btf)
        assert len(functions) == FUNC_INFO_SIZE * len(program.functions)
        assert len(lines) == LINE_INFO_SIZE * len(program.lines)
        for number, line in enumerate(program.lines):
            slot, file, text, place = (
                int.from_bytes(lines[16 * number + 4 * i : 16 * number + 4 * i + 4], "little") for i in range(4)
            )
            assert (slot, btf.strings.at(file), btf.strings.at(text)) == (line.slot, line.file, line.text)
            assert (place >> 10, place & 0x3FF) == (line.line, line.column)


def test_programs_without_type_information_have_no_records(shared: Object) -> None:
    bare = re.sub(r",? !dbg !\d+", "", SHARED.split("!llvm.dbg.cu")[0]).replace('".maps"', '".data.maps"')
    for program in read_object(assemble(bare)).programs:
        assert func_info_bytes(program) == b""
        assert line_info_bytes(program, parse_btf(shared.btf)) == b""


def test_lines_of_another_btf_are_refused(shared: Object) -> None:
    other = parse_btf(read_object(assemble(SHARED.replace("policy.py", "elsewhere.py"))).btf)
    with pytest.raises(ValueError, match=r"policy\.py:4 is not in this BTF"):
        line_info_bytes(shared.programs[0], other)


def test_data_sections_of_the_btf_get_sizes_and_places(shared: Object) -> None:
    btf = parse_btf(shared.btf)
    sections = {t.name: (t.size, [(m.offset, m.size) for m in btf.members(t)]) for t in btf.types if t.kind == DATASEC}
    assert sections[".maps"] == (64, [(0, 32), (32, 32)])
    assert sections[".data"] == (8, [(0, 8)])


POLICY = """import syrup
from syrup import u32, u64

cells = syrup.Array(u64, 3)
table = syrup.HashMap(u32, u64, 9)
large = syrup.Array(u64, 10_000)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return cells[0] + table[1] + large[2]
"""


@pytest.fixture(scope="module")
def compiled() -> Object:
    return compile_source(PolicySource("p.py", POLICY), Options()).object


def test_declared_maps_come_first_under_their_names_a_small_array_as_one_value(compiled: Object) -> None:
    shapes = [(m.name, m.key_size, m.value_size, m.max_entries) for m in compiled.maps[:3]]
    assert shapes == [("cells", 4, 24, 1), ("table", 4, 8, 9), ("large", 4, 8, 10_000)]
    assert [m.name for m in compiled.maps[3:]] == ["syrup_socket", "syrup_counts_policy"]
    kinds = {r.target: r.kind for r in compiled.programs[0].relocations}
    assert (kinds["cells"], kinds["large"]) == (RelocationKind.MAP_VALUE, RelocationKind.MAP)


@pytest.mark.parametrize(
    ("written", "instead", "name"),
    [
        (b'"max_entries":3', b'"max_entries":4', "cells"),
        (b'"max_entries":9', b'"max_entries":8', "table"),
        (b'"name":"table"', b'"name":"tible"', "tible"),
        (b'"kind":"HashMap"', b'"kind":"LpmTrie"', "table"),
    ],
)
def test_a_map_that_is_not_what_the_object_says_is_refused(
    compiled: Object, written: bytes, instead: bytes, name: str
) -> None:
    assert compiled.data.count(written) == 1
    with pytest.raises(ObjectError) as caught:
        read_object(compiled.data.replace(written, instead))
    assert f"map `{name}` is not what its section .syrup says" in str(caught.value.diagnostics[0].notes)
