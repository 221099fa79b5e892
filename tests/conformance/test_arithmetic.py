"""Arithmetic gives what the kernel gives, for every operation on operands at the edges."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import pytest

from syrupc.isa import opcodes as op
from syrupc.isa.codec import signed
from syrupc.isa.insn import Insn
from syrupc.isa.structure import slot_fault
from syrupc.isa.text import format_insn
from tests.conformance.both import MOST_CELLS, cells_after, load_cell, require, store_cell

pytestmark = pytest.mark.bpf

EDGES = (
    *(0, 1, 2, 3, 7, 31, 32, 33, 63, 64, 65, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000),
    *(0xFFFFFFFE, 0xFFFFFFFF, 1 << 32, (1 << 32) + 1, 0x0123456789ABCDEF, 0xFEDCBA9876543210),
    *((1 << 63) - 1, 1 << 63, (1 << 63) + 1, (1 << 64) - 2, (1 << 64) - 1),
)
IMMEDIATES = (0, 1, 2, 7, 16, 31, 32, 63, 127, 128, 0x7FFF, 0xFFFF, 0x7FFFFFFF, -1, -2, -7, -128, -32768, -0x80000000)

CLASSES = (op.ALU, op.ALU64)
SHIFTS = (op.LSH, op.RSH, op.ARSH)
BINARY = (op.ADD, op.SUB, op.MUL, op.DIV, op.OR, op.AND, op.LSH, op.RSH, op.MOD, op.XOR, op.MOV, op.ARSH)


def valid(forms: Iterator[Insn]) -> list[Insn]:
    return [form for form in forms if slot_fault(form) is None]


REGISTER_FORMS = valid(
    Insn(cls | operation | op.X, 2, 3, off)
    for cls, operation, off in product(CLASSES, BINARY, (0, op.SIGNED, *op.MOVSX_WIDTHS))
    if not (operation == op.MOV and off == op.ADDR_SPACE_CAST)
)
IMMEDIATE_FORMS = valid(Insn(cls | operation, 2, 0, off) for cls, operation, off in product(CLASSES, BINARY, (0, 1)))
UNARY_FORMS = valid(
    Insn(cls | operation | source, 2, imm=imm)
    for cls, operation, source, imm in product(CLASSES, (op.NEG, op.END), (op.K, op.X), (0, 16, 32, 64))
)


def text(insn: Insn) -> str:
    return format_insn((insn,)).replace("/", "÷")  # a test's name is a path


def chunks(cells: Sequence[tuple[int, ...]]) -> Iterator[Sequence[tuple[int, ...]]]:
    width = len(cells[0])
    size = MOST_CELLS // width
    return (cells[at : at + size] for at in range(0, len(cells), size))


@pytest.mark.parametrize("form", REGISTER_FORMS, ids=text)
def test_an_operation_on_two_registers(form: Insn) -> None:
    require(form)
    for pairs in chunks(list(product(EDGES, EDGES))):
        body = [
            step
            for at in range(0, 2 * len(pairs), 2)
            for step in (load_cell(2, at), load_cell(3, at + 1), form, store_cell(at, 2))
        ]
        there, here = cells_after(body, [value for pair in pairs for value in pair])
        assert here == there


@pytest.mark.parametrize("form", IMMEDIATE_FORMS, ids=text)
def test_an_operation_on_a_register_and_an_immediate(form: Insn) -> None:
    require(form)
    width = 64 if form.cls == op.ALU64 else 32
    refused = {
        imm
        for imm in IMMEDIATES
        if (form.operation in SHIFTS and not 0 <= imm < width) or (form.operation in (op.DIV, op.MOD) and imm == 0)
    }
    cases = list(product(EDGES, sorted(set(IMMEDIATES) - refused)))
    for part in chunks(cases):
        body = [
            step
            for at, (_, imm) in enumerate(part)
            for step in (
                load_cell(2, at),
                Insn(form.opcode, form.dst, form.src, form.off, signed(imm, 32)),
                store_cell(at, 2),
            )
        ]
        there, here = cells_after(body, [value for value, _ in part])
        assert here == there


@pytest.mark.parametrize("form", UNARY_FORMS, ids=text)
def test_an_operation_on_one_register(form: Insn) -> None:
    require(form)
    body = [step for at in range(len(EDGES)) for step in (load_cell(2, at), form, store_cell(at, 2))]
    there, here = cells_after(body, EDGES)
    assert here == there


def test_every_arithmetic_opcode_is_compared() -> None:
    compared = {(form.opcode, form.off) for form in REGISTER_FORMS + IMMEDIATE_FORMS + UNARY_FORMS}
    everything = {
        (opcode, off)
        for opcode in range(256)
        for off in (0, 1, 8, 16, 32)
        for imm in (0, 16)
        if opcode & op.CLASS_MASK in CLASSES and slot_fault(Insn(opcode, 2, 0, off, imm)) is None
    }
    assert compared == everything
