"""Conditional jumps go where the kernel's go, for every condition on operands at the edges."""

from __future__ import annotations

from itertools import product

import pytest

from syrupc.isa import opcodes as op
from syrupc.isa.insn import Insn
from syrupc.isa.text import JUMP_SIGNS, format_insn
from tests.conformance.both import cells_after, load_cell, require, store_cell

pytestmark = pytest.mark.bpf

EDGES = (0, 1, 2, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 32, (1 << 63) - 1, 1 << 63, (1 << 64) - 2, (1 << 64) - 1)
IMMEDIATES = (0, 1, 2, 0x7FFFFFFF, -1, -2, -0x80000000)
FORMS = [Insn(cls | operation, 2) for cls, operation in product((op.JMP, op.JMP32), JUMP_SIGNS)]


def outcome(condition: Insn, cell: int) -> list[Insn]:
    """Leaves 1 in the cell if the condition holds, 0 if not."""
    return [
        condition,
        Insn(op.ALU64 | op.MOV, 4, imm=0),
        Insn(op.JMP | op.JA, off=1),
        Insn(op.ALU64 | op.MOV, 4, imm=1),
        store_cell(cell, 4),
    ]


def text(form: Insn) -> str:
    return format_insn((form,)).split(" goto")[0]


@pytest.mark.parametrize("form", FORMS, ids=text)
def test_a_condition_on_two_registers(form: Insn) -> None:
    pairs = list(product(EDGES, EDGES))
    body = []
    for at in range(len(pairs)):
        condition = Insn(form.opcode | op.X, 2, 3, 2)
        body += [load_cell(2, 2 * at), load_cell(3, 2 * at + 1), *outcome(condition, 2 * at)]
    there, here = cells_after(body, [value for pair in pairs for value in pair])
    assert here == there
    assert {0, 1} <= set(here[::2])


@pytest.mark.parametrize("form", FORMS, ids=text)
def test_a_condition_on_a_register_and_an_immediate(form: Insn) -> None:
    cases = list(product(EDGES, IMMEDIATES))
    body = []
    for at, (_, imm) in enumerate(cases):
        body += [load_cell(2, at), *outcome(Insn(form.opcode, 2, 0, 2, imm), at)]
    there, here = cells_after(body, [value for value, _ in cases])
    assert here == there
    assert {0, 1} <= set(here)


LONG = Insn(op.JMP32 | op.JA, imm=50)


def test_a_long_jump() -> None:
    require(LONG)
    # The skipped instructions are reached on another path, or the kernel would refuse the program.
    skipped = [Insn(op.ALU64 | op.ADD, 2, imm=1)] * 50
    body = [load_cell(2, 0), Insn(op.JMP | op.JEQ, 2, 0, 1, 77), LONG, *skipped, store_cell(0, 2)]
    assert cells_after(body, [10, 0]) == ([10, 0], [10, 0])
    assert cells_after(body, [77, 0]) == ([127, 0], [127, 0])
