"""Bytes, instructions and texts are the same program three times."""

from __future__ import annotations

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from syrupc.isa.assembly import parse_insn, parse_program
from syrupc.isa.codec import decode, encode, wide_immediate, wide_load
from syrupc.isa.insn import Insn
from syrupc.isa.opcodes import WIDE
from syrupc.isa.structure import encoding_faults, slot_fault
from syrupc.isa.text import format_insn, format_program

FIELDS = {
    "dst": st.integers(0, 15),
    "src": st.integers(0, 15),
    "off": st.integers(-(1 << 15), (1 << 15) - 1),
    "imm": st.integers(-(1 << 31), (1 << 31) - 1),
}
SPECIAL = {
    "dst": st.integers(0, 10),
    "src": st.integers(0, 10),
    "off": st.sampled_from([0, 1, 8, 16, 32]) | FIELDS["off"],
    "imm": st.sampled_from([0, 1, 16, 32, 64, 0x41, 0x50, 0xA1, 0xE1, 0xF1, 0x100, 0x110, 1 << 16]) | FIELDS["imm"],
}
ANY_SLOT = st.builds(Insn, st.integers(0, 255), **FIELDS)


def well_formed(insn: Insn) -> Insn | None:
    """The instruction with as few fields cleared as makes it valid."""
    for keep in sorted(product((0, 1), repeat=4), key=sum, reverse=True):
        fields = (field * kept for field, kept in zip((insn.dst, insn.src, insn.off, insn.imm), keep, strict=True))
        candidate = Insn(insn.opcode, *fields)
        if slot_fault(candidate) is None:
            return candidate
    return None


NARROW = st.builds(Insn, st.integers(0, 255).filter(lambda opcode: opcode != WIDE), **SPECIAL)
VALID_NARROW = NARROW.map(well_formed).filter(lambda insn: insn is not None).map(lambda insn: (insn,))
WIDE_LOADS = st.builds(wide_load, st.integers(0, 10), st.integers(0, (1 << 64) - 1), st.integers(0, 6))
VALID = VALID_NARROW | WIDE_LOADS.filter(lambda slots: not encoding_faults(slots))


@given(st.binary(max_size=400).map(lambda data: data[: len(data) // 8 * 8]))
def test_any_bytes_survive_decoding_and_encoding(code: bytes) -> None:
    assert encode(decode(code)) == code


@given(st.lists(ANY_SLOT))
def test_any_slots_survive_encoding_and_decoding(insns: list[Insn]) -> None:
    assert decode(encode(insns)) == tuple(insns)


@given(VALID)
def test_the_text_of_an_instruction_reads_back_as_it(slots: tuple[Insn, ...]) -> None:
    text = format_insn(slots)
    assert not text.startswith(".slot")
    assert parse_insn(text) == slots


@given(st.lists(ANY_SLOT | NARROW, max_size=12))
def test_the_text_of_any_slots_reads_back_as_them(insns: list[Insn]) -> None:
    text = "\n".join(text for _, text in format_program(insns))
    assert parse_program(text) == tuple(insns)


@given(st.integers(0, 10), st.integers(-(1 << 63), (1 << 64) - 1))
def test_a_wide_load_holds_its_immediate(dst: int, value: int) -> None:
    assert wide_immediate(wide_load(dst, value), 0) == value % (1 << 64)
