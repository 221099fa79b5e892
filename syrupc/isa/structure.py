"""What is wrong with an encoding, one slot at a time: unknown opcodes, reserved fields, wide loads cut in half.

Nothing here looks at where control goes or at what registers hold; that is for the verifier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from syrupc.isa import opcodes as op
from syrupc.isa.insn import Insn


@dataclass(frozen=True, slots=True)
class EncodingFault:
    """`slot` does not hold a valid instruction, because of `reason` (lower case, no full stop)."""

    slot: int
    reason: str


def encoding_faults(insns: Sequence[Insn]) -> tuple[EncodingFault, ...]:
    """At most one fault for each slot, in program order; empty for a well-formed program."""
    found = []
    slot = 0
    while slot < len(insns):
        wide = insns[slot].opcode == op.WIDE
        reason = slot_fault(insns[slot]) or (_second_half_fault(insns, slot) if wide else None)
        if reason:
            found.append(EncodingFault(slot, reason))
        slot += 2 if wide else 1
    return tuple(found)


def slot_fault(insn: Insn) -> str | None:
    """What is wrong with one slot that begins an instruction; `None` if nothing is."""
    for register in (insn.dst, insn.src):
        if register >= op.REGISTERS:
            return f"register r{register} does not exist"
    return _BY_CLASS[insn.cls](insn)


def _second_half_fault(insns: Sequence[Insn], slot: int) -> str | None:
    if slot + 1 == len(insns):
        return "wide load is cut at the end of the program"
    first, second = insns[slot], insns[slot + 1]
    if second.opcode:
        return f"second half of the wide load has opcode {second.opcode:#04x}, not 0"
    if first.src in _NO_HIGH_HALF and second.imm:
        return f"second half of the wide load has immediate {second.imm}, not 0"
    return _reserved(second, "dst", "src", "off")


_NO_HIGH_HALF: Final = (op.WIDE_MAP, op.WIDE_CODE, op.WIDE_MAP_INDEX)


def _reserved(insn: Insn, *fields: str) -> str | None:
    for field in fields:
        value = getattr(insn, field)
        if value:
            return f"reserved field {field} is {value}, not 0"
    return None


def _unknown(insn: Insn) -> str:
    return f"unknown opcode {insn.opcode:#04x}"


def _ld(insn: Insn) -> str | None:
    if insn.opcode == op.WIDE:
        if insn.src > op.WIDE_MAP_INDEX_VALUE:
            return f"unknown kind {insn.src} of wide load"
        return _reserved(insn, "off")
    if insn.opcode & op.SIZE_MASK == op.DW:
        return _unknown(insn)
    match insn.mode:
        case op.ABS:
            return _reserved(insn, "dst", "src", "off")
        case op.IND:
            return _reserved(insn, "dst", "off")
        case _:
            return _unknown(insn)


def _ldx(insn: Insn) -> str | None:
    sign_extending = insn.mode == op.MEMSX and insn.size < 8
    if insn.mode != op.MEM and not sign_extending:
        return _unknown(insn)
    return _reserved(insn, "imm")


def _st(insn: Insn) -> str | None:
    return _reserved(insn, "src") if insn.mode == op.MEM else _unknown(insn)


def _stx(insn: Insn) -> str | None:
    match insn.mode:
        case op.MEM:
            return _reserved(insn, "imm")
        case op.ATOMIC:
            return _atomic(insn)
        case _:
            return _unknown(insn)


_READ_MODIFY_WRITE: Final = frozenset(
    {op.XCHG, op.CMPXCHG, *op.ATOMIC_ARITHMETIC, *(a | op.FETCH for a in op.ATOMIC_ARITHMETIC)}
)


def _atomic(insn: Insn) -> str | None:
    if insn.imm in (op.LOAD_ACQUIRE, op.STORE_RELEASE):
        return None
    if insn.imm not in _READ_MODIFY_WRITE:
        return f"unknown atomic operation {insn.imm:#x}"
    return None if insn.size in (4, 8) else f"atomic operation on {insn.size} bytes"


def _alu(insn: Insn) -> str | None:
    match insn.operation:
        case op.END:
            return _end(insn)
        case op.NEG:
            return _unknown(insn) if insn.from_register else _reserved(insn, "src", "off", "imm")
        case op.MOV if insn.from_register:
            return _move(insn)
        case op.DIV | op.MOD if insn.off == op.SIGNED:
            return _reserved(insn, "imm" if insn.from_register else "src")
        case operation if operation <= op.END:
            return _reserved(insn, "imm" if insn.from_register else "src", "off")
        case _:
            return _unknown(insn)


def _end(insn: Insn) -> str | None:
    if insn.cls == op.ALU64 and insn.from_register:
        return _unknown(insn)
    if insn.imm not in (16, 32, 64):
        return f"byte swap of {insn.imm} bits"
    return _reserved(insn, "src", "off")


def _move(insn: Insn) -> str | None:
    if insn.off == 0:
        return _reserved(insn, "imm")
    if insn.cls == op.ALU64 and insn.off == op.ADDR_SPACE_CAST:
        return None if insn.imm in (1, 1 << 16) else f"unknown address space cast {insn.imm:#x}"
    if insn.off not in op.MOVSX_WIDTHS or (insn.cls == op.ALU and insn.off == 32):
        return f"sign extension from {insn.off} bits"
    return _reserved(insn, "imm")


def _jump(insn: Insn) -> str | None:
    match insn.operation:
        case op.JA:
            unused = "off" if insn.cls == op.JMP32 else "imm"
            return _unknown(insn) if insn.from_register else _reserved(insn, "dst", "src", unused)
        case op.CALL | op.EXIT | op.JCOND if insn.from_register or insn.cls == op.JMP32:
            return _unknown(insn)
        case op.CALL:
            return _call(insn)
        case op.EXIT:
            return _reserved(insn, "dst", "src", "off", "imm")
        case op.JCOND:
            return _reserved(insn, "dst", "src", "imm")
        case 0xF0:
            return _unknown(insn)
        case _:
            return _reserved(insn, "imm" if insn.from_register else "src")


def _call(insn: Insn) -> str | None:
    if insn.src > op.CALL_KFUNC:
        return f"unknown kind {insn.src} of call"
    return _reserved(insn, "dst") if insn.src == op.CALL_KFUNC else _reserved(insn, "dst", "off")


_BY_CLASS: Final = {
    op.LD: _ld,
    op.LDX: _ldx,
    op.ST: _st,
    op.STX: _stx,
    op.ALU: _alu,
    op.ALU64: _alu,
    op.JMP: _jump,
    op.JMP32: _jump,
}

_KNOWN: Final = frozenset(opcode for opcode in range(256) if slot_fault(Insn(opcode)) != _unknown(Insn(opcode)))


def is_known(insn: Insn) -> bool:
    """Whether there is an instruction with this opcode at all, whatever its other fields hold."""
    return insn.opcode in _KNOWN
