"""Bytes and instructions: the parts that properties do not pin down."""

from __future__ import annotations

import pytest

from syrupc.isa.codec import decode, encode, signed, starts, wide_immediate, wide_load
from syrupc.isa.insn import Insn


def test_the_fields_stand_where_the_standard_puts_them() -> None:
    assert decode(bytes.fromhex("7ba1f8ff78563412")) == (Insn(0x7B, 1, 10, -8, 0x12345678),)


def test_a_program_is_a_whole_number_of_slots() -> None:
    with pytest.raises(ValueError, match="not 9 bytes"):
        decode(bytes(9))


@pytest.mark.parametrize(
    "insn",
    [Insn(256), Insn(-1), Insn(0, dst=16), Insn(0, src=-1), Insn(0, off=1 << 15), Insn(0, imm=1 << 31)],
)
def test_a_field_that_does_not_fit_is_refused(insn: Insn) -> None:
    with pytest.raises(ValueError, match="out of range"):
        encode([insn])


def test_a_wide_load_takes_two_slots() -> None:
    first, second = wide_load(3, 0xFEDCBA9876543210)
    assert (first, second) == (Insn(0x18, 3, 0, 0, 0x76543210), Insn(0, 0, 0, 0, signed(0xFEDCBA98, 32)))
    assert wide_immediate((first, second), 0) == 0xFEDCBA9876543210


def test_only_a_wide_load_has_a_wide_immediate() -> None:
    with pytest.raises(ValueError, match="slot 0 is not a wide load"):
        wide_immediate((Insn(0x95),), 0)


def test_instructions_begin_at_all_slots_but_second_halves() -> None:
    assert starts((Insn(0xB7), *wide_load(1, 5), Insn(0x95))) == (0, 1, 3)


@pytest.mark.parametrize(("value", "bits", "expected"), [(0xFF, 8, -1), (0x7F, 8, 127), (0x180, 8, -128), (-1, 16, -1)])
def test_signed_reads_the_low_bits_as_twos_complement(value: int, bits: int, expected: int) -> None:
    assert signed(value, bits) == expected
