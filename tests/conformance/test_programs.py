"""Generated programs (arithmetic, jumps, stack, atomics, calls) leave the registers that they leave in the kernel."""

from __future__ import annotations

import random

import pytest

from syrupc.isa import opcodes as op
from syrupc.isa.codec import wide_load
from syrupc.isa.insn import Insn
from syrupc.isa.text import JUMP_SIGNS
from tests.conformance.both import cells_after, require
from tests.conformance.test_arithmetic import EDGES, IMMEDIATE_FORMS, REGISTER_FORMS, SHIFTS, UNARY_FORMS

pytestmark = pytest.mark.bpf

REGISTERS = (0, 1, 2, 3, 4, 5, 7, 8, 9)
PACKET = 6
STACK_CELLS = 4
LENGTH = 60
CALLEE = (0, 1, 2, 3, 4, 5)


class Writer:
    """Writes one random program; every register and stack cell that it reads holds a number."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.registers = REGISTERS

    def main(self) -> tuple[list[Insn], list[int]]:
        """The program, calls not yet resolved (`imm` is 0), and the values it begins with."""
        values = [
            self.random.choice([*EDGES, self.random.getrandbits(64)]) for _ in range(len(REGISTERS) + STACK_CELLS)
        ]
        begin = [Insn(op.ALU64 | op.MOV | op.X, PACKET, 1)]
        for cell in range(STACK_CELLS):
            begin += [
                self.cell(op.LDX, 0, PACKET, 8 * (len(REGISTERS) + cell)),
                self.cell(op.STX, 10, 0, -8 - 8 * cell),
            ]
        begin += [self.cell(op.LDX, register, PACKET, 8 * at) for at, register in enumerate(REGISTERS)]
        end = [self.cell(op.STX, PACKET, register, 8 * at) for at, register in enumerate(REGISTERS)]
        for cell in range(STACK_CELLS):
            end += [self.cell(op.LDX, 0, 10, -8 - 8 * cell), self.cell(op.STX, PACKET, 0, 8 * (len(REGISTERS) + cell))]
        return begin + self.steps(LENGTH, calls=True) + end, values

    def callee(self) -> list[Insn]:
        """A function of five numbers. Its stack cells and `r0` are set before they are read."""
        self.registers = CALLEE
        begin = [Insn(op.ALU64 | op.MOV, 0, imm=3)]
        begin += [self.cell(op.STX, 10, 1 + cell, -8 - 8 * cell) for cell in range(STACK_CELLS)]
        return begin + self.steps(LENGTH // 3, calls=False) + [Insn(op.JMP | op.EXIT)]

    @staticmethod
    def cell(cls: int, dst: int, src: int, off: int) -> Insn:
        return Insn(cls | op.MEM | op.DW, dst, src, off)

    def steps(self, count: int, *, calls: bool) -> list[Insn]:
        steps: list[list[Insn]] = [self.step(calls=calls) for _ in range(count)]
        # Later ones first: a branch needs the final length of what it leaps over.
        for at in sorted(self.random.sample(range(count), count // 8), reverse=True):
            over = self.random.randint(1, min(4, count - at - 1)) if at < count - 1 else 0
            steps[at] = [self.branch(sum(map(len, steps[at + 1 : at + 1 + over])))]
        return [insn for step in steps for insn in step]

    def branch(self, distance: int) -> Insn:
        opcode = self.random.choice((op.JMP, op.JMP32)) | self.random.choice(tuple(JUMP_SIGNS))
        if self.random.random() < 0.5:
            return Insn(opcode | op.X, self.register(), self.register(), distance)
        return Insn(opcode, self.register(), 0, distance, self.number())

    def step(self, *, calls: bool) -> list[Insn]:
        kind = self.random.random()
        if kind < 0.7:
            return [self.arithmetic()]
        if kind < 0.9:
            return [self.stack()]
        if kind < 0.93 and calls:
            return [Insn(op.JMP | op.CALL, 0, op.CALL_LOCAL)] + [
                Insn(op.ALU64 | op.MOV | op.X, register, self.random.choice((0, 7, 8, 9))) for register in range(1, 6)
            ]
        return list(wide_load(self.register(), self.random.getrandbits(64)))

    def arithmetic(self) -> Insn:
        form = self.random.choice(self.random.choice((REGISTER_FORMS, IMMEDIATE_FORMS, UNARY_FORMS)))
        if form in UNARY_FORMS:
            return Insn(form.opcode, self.register(), imm=form.imm)
        if form.from_register:
            return Insn(form.opcode, self.register(), self.register(), form.off)
        width = 64 if form.cls == op.ALU64 else 32
        imm = self.random.randrange(width) if form.operation in SHIFTS else self.number()
        return Insn(form.opcode, self.register(), 0, form.off, imm or 1)

    def stack(self) -> Insn:
        size_bits, size = self.random.choice(tuple(op.SIZES.items()))
        off = -8 * self.random.randint(1, STACK_CELLS) + self.random.randrange(0, 8, size)
        kind = self.random.randrange(4)
        if kind == 0:
            modes = (op.MEM,) if size == 8 else (op.MEM, op.MEMSX)
            return Insn(op.LDX | self.random.choice(modes) | size_bits, self.register(), 10, off)
        if kind == 1:
            return Insn(op.ST | op.MEM | size_bits, 10, 0, off, self.number())
        if kind == 2 and size >= 4:
            operations = (*op.ATOMIC_ARITHMETIC, *(a | op.FETCH for a in op.ATOMIC_ARITHMETIC), op.XCHG, op.CMPXCHG)
            return Insn(op.STX | op.ATOMIC | size_bits, 10, self.register(), off, self.random.choice(operations))
        return Insn(op.STX | op.MEM | size_bits, 10, self.register(), off)

    def register(self) -> int:
        return self.random.choice(self.registers)

    def number(self) -> int:
        return self.random.choice(
            (0, 1, -1, 5, 127, 0x7FFFFFFF, -0x80000000, self.random.randint(-(1 << 31), (1 << 31) - 1))
        )


@pytest.mark.parametrize("seed", range(80))
def test_a_generated_program(seed: int) -> None:
    require(Insn(op.ALU64 | op.DIV, 0, 0, op.SIGNED, 3))
    writer = Writer(seed)
    body, values = writer.main()
    callee = writer.callee()
    there, here = cells_after(body, values, callee)
    assert here == there
    assert here != values
