"""Which registers an instruction reads and writes."""

from __future__ import annotations

from syrupc.isa import opcodes as op
from syrupc.isa.insn import Insn


def registers_read(insn: Insn) -> tuple[int, ...]:
    """The registers whose value the (valid) instruction needs; for calls none, since that depends on the callee."""
    match insn.cls:
        case op.LD:
            return _legacy_reads(insn)
        case op.LDX:
            return (insn.src,)
        case op.ST:
            return (insn.dst,)
        case op.STX:
            return _stx_reads(insn)
        case op.ALU | op.ALU64:
            return _alu_reads(insn)
        case _:
            return _jump_reads(insn)


def registers_written(insn: Insn) -> tuple[int, ...]:
    """The registers that hold something else afterwards, those included that hold nothing after a call."""
    match insn.cls:
        case op.LD:
            return (insn.dst,) if insn.opcode == op.WIDE else _CALL_CLOBBERED
        case op.LDX | op.ALU | op.ALU64:
            return (insn.dst,)
        case op.STX if insn.mode == op.ATOMIC:
            return _atomic_writes(insn)
        case op.JMP if insn.operation == op.CALL:
            return _CALL_CLOBBERED
        case _:
            return ()


_CALL_CLOBBERED = (0, 1, 2, 3, 4, 5)


def _legacy_reads(insn: Insn) -> tuple[int, ...]:
    match insn.mode:
        case op.IMM:
            return ()
        case op.IND:
            return 6, insn.src
        case _:
            return (6,)


def _stx_reads(insn: Insn) -> tuple[int, ...]:
    if insn.mode == op.ATOMIC and insn.imm == op.LOAD_ACQUIRE:
        return (insn.src,)
    if insn.mode == op.ATOMIC and insn.imm == op.CMPXCHG:
        return insn.dst, insn.src, 0
    return insn.dst, insn.src


def _atomic_writes(insn: Insn) -> tuple[int, ...]:
    match insn.imm:
        case op.LOAD_ACQUIRE:
            return (insn.dst,)
        case op.CMPXCHG:
            return (0,)
        case operation if operation & op.FETCH:
            return (insn.src,)
        case _:
            return ()


def _alu_reads(insn: Insn) -> tuple[int, ...]:
    if insn.operation == op.MOV:
        return (insn.src,) if insn.from_register else ()
    if insn.operation in (op.NEG, op.END) or not insn.from_register:
        return (insn.dst,)
    return insn.dst, insn.src


def _jump_reads(insn: Insn) -> tuple[int, ...]:
    match insn.operation:
        case op.EXIT:
            return (0,)
        case op.JA | op.CALL | op.JCOND:
            return ()
        case _:
            return (insn.dst, insn.src) if insn.from_register else (insn.dst,)
