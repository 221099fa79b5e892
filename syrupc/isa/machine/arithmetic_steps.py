"""Arithmetic instructions as operations."""

from __future__ import annotations

from syrupc.isa import opcodes as op
from syrupc.isa.insn import Insn
from syrupc.isa.machine import arithmetic
from syrupc.isa.machine.arithmetic import M32, M64
from syrupc.isa.machine.linkage import Operation, trap
from syrupc.isa.machine.memory import UnmodelledStepError
from syrupc.isa.machine.state import State


def alu(state: State, insn: Insn, following: int) -> Operation:
    if insn.operation in (op.NEG, op.END):
        return _alu_unary(state, insn, following)
    if insn.operation == op.MOV and insn.from_register and insn.cls == op.ALU64 and insn.off == op.ADDR_SPACE_CAST:
        return trap(UnmodelledStepError, "cast between address spaces")
    if insn.from_register:
        return _alu_register(state, insn, following)
    return _alu_immediate(state, insn, following)


def _alu_unary(state: State, insn: Insn, following: int) -> Operation:
    regs, dst, compute = state.regs, insn.dst, arithmetic.unary(insn)

    def run() -> int:
        regs[dst] = compute(regs[dst])
        return following

    return run


def _alu_register(state: State, insn: Insn, following: int) -> Operation:
    regs, dst, src, compute = state.regs, insn.dst, insn.src, arithmetic.binary(insn)
    # A move does not read what it overwrites.
    left = src if insn.operation == op.MOV else dst

    def run() -> int:
        regs[dst] = compute(regs[left], regs[src])
        return following

    def run32() -> int:
        regs[dst] = compute(regs[left] & M32, regs[src] & M32)
        return following

    return run if insn.cls == op.ALU64 else run32


def _alu_immediate(state: State, insn: Insn, following: int) -> Operation:
    regs, dst, compute = state.regs, insn.dst, arithmetic.binary(insn)
    value = insn.imm & (M64 if insn.cls == op.ALU64 else M32)

    def move() -> int:
        regs[dst] = value
        return following

    def run() -> int:
        regs[dst] = compute(regs[dst], value)
        return following

    def run32() -> int:
        regs[dst] = compute(regs[dst] & M32, value)
        return following

    if insn.operation == op.MOV:
        return move
    return run if insn.cls == op.ALU64 else run32
