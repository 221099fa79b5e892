"""Loads, stores and atomics move what the kernel's move, for every size."""

from __future__ import annotations

from itertools import product

import pytest

from syrupc.isa import opcodes as op
from syrupc.isa.assembly import parse_program
from syrupc.isa.insn import Insn
from syrupc.isa.text import format_insn
from tests.conformance.both import cells_after, load_cell, require, store_cell

pytestmark = pytest.mark.bpf

VALUE = 0x8182838485868788
LOADS = [
    Insn(op.LDX | mode | size, 2, 1, off)
    for mode, size, off in product((op.MEM, op.MEMSX), op.SIZES, (0, 1, 5))
    if not (mode == op.MEMSX and size == op.DW)
]
STORES = [
    *(Insn(op.STX | op.MEM | size, 1, 2, off) for size, off in product(op.SIZES, (0, 3))),
    *(Insn(op.ST | op.MEM | size, 1, 0, off, imm) for size, off, imm in product(op.SIZES, (0, 3), (-2, 0x12345678))),
]


def text(insn: Insn) -> str:
    return format_insn((insn,))


@pytest.mark.parametrize("load", LOADS, ids=text)
def test_a_load(load: Insn) -> None:
    require(load)
    there, here = cells_after([load, store_cell(2, 2)], [VALUE, 0x0102030405060708, 0])
    assert here == there


@pytest.mark.parametrize("store", STORES, ids=text)
def test_a_store(store: Insn) -> None:
    there, here = cells_after([load_cell(2, 2), store], [VALUE, 0x0102030405060708, 0xF1F2F3F4F5F6F7F8])
    assert here == there
    assert here[:2] != [VALUE, 0x0102030405060708]


READ_MODIFY_WRITE = [
    Insn(op.STX | op.ATOMIC | size, 10, 2, -8, operation)
    for size in (op.W, op.DW)
    for operation in (
        *op.ATOMIC_ARITHMETIC,
        *(operation | op.FETCH for operation in op.ATOMIC_ARITHMETIC),
        op.XCHG,
        op.CMPXCHG,
    )
]
CELLS = (0, 1, 0xFFFFFFFF, 0x1_00000000, 0x8000_0000_8000_0000, (1 << 64) - 1)


@pytest.mark.parametrize("atomic", READ_MODIFY_WRITE, ids=text)
def test_an_atomic_operation(atomic: Insn) -> None:
    """On the stack, since the packet allows none; memory and both registers are compared afterwards."""
    to_stack, from_stack = parse_program("*(u64 *)(r10 - 8) = r3\nr3 = *(u64 *)(r10 - 8)")
    body, cells = [], []
    for memory, register, accumulator in product(CELLS[:4], CELLS, CELLS[1:4]):
        at = len(cells)
        cells += [memory, register, accumulator]
        body += [load_cell(3, at), to_stack, load_cell(2, at + 1), load_cell(0, at + 2), atomic, from_stack]
        body += [store_cell(at, 3), store_cell(at + 1, 2), store_cell(at + 2, 0)]
    there, here = cells_after(body, cells)
    assert here == there


ORDERED = [
    Insn(op.STX | op.ATOMIC | size, *registers, -8, operation)
    for size in op.SIZES
    for operation, registers in ((op.LOAD_ACQUIRE, (2, 10)), (op.STORE_RELEASE, (10, 2)))
]


@pytest.mark.parametrize("atomic", ORDERED, ids=text)
def test_an_ordered_load_or_store(atomic: Insn) -> None:
    require(atomic)
    to_stack, from_stack = parse_program("*(u64 *)(r10 - 8) = r3\nr3 = *(u64 *)(r10 - 8)")
    body = [load_cell(3, 0), to_stack, load_cell(2, 1), atomic, from_stack, store_cell(0, 3), store_cell(1, 2)]
    there, here = cells_after(body, [VALUE, 0xF1F2F3F4F5F6F7F8])
    assert here == there
