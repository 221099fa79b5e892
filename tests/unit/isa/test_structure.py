"""What is no valid encoding is found, with the reason."""

from __future__ import annotations

import pytest

from syrupc.isa import opcodes as op
from syrupc.isa.codec import wide_load
from syrupc.isa.insn import Insn
from syrupc.isa.structure import EncodingFault, encoding_faults, slot_fault

FAULTS = {
    "register": (Insn(op.ALU64 | op.MOV, dst=11), "register r11 does not exist"),
    "source register": (Insn(op.ALU64 | op.MOV | op.X, 0, 15), "register r15 does not exist"),
    "ld": (Insn(op.LD | op.MEM | op.W), "unknown opcode 0x60"),
    "ld abs 8": (Insn(op.LD | op.ABS | op.DW), "unknown opcode 0x38"),
    "ld abs dst": (Insn(op.LD | op.ABS | op.W, 1), "reserved field dst is 1, not 0"),
    "ld ind off": (Insn(op.LD | op.IND | op.W, 0, 1, 4), "reserved field off is 4, not 0"),
    "ldx imm": (Insn(op.LDX | op.MEM | op.W, 1, 2, 0, 9), "reserved field imm is 9, not 0"),
    "ldx mode": (Insn(op.LDX | op.ATOMIC | op.W), "unknown opcode 0xc1"),
    "ldsx 8": (Insn(op.LDX | op.MEMSX | op.DW), "unknown opcode 0x99"),
    "st src": (Insn(op.ST | op.MEM | op.W, 1, 2), "reserved field src is 2, not 0"),
    "st mode": (Insn(op.ST | op.IND | op.W), "unknown opcode 0x42"),
    "stx mode": (Insn(op.STX | op.IND | op.W), "unknown opcode 0x43"),
    "atomic": (Insn(op.STX | op.ATOMIC | op.DW, 1, 2, 0, 0x99), "unknown atomic operation 0x99"),
    "atomic size": (Insn(op.STX | op.ATOMIC | op.B, 1, 2, 0, op.ADD), "atomic operation on 1 bytes"),
    "exchange without fetch": (Insn(op.STX | op.ATOMIC | op.W, 1, 2, 0, 0xE0), "unknown atomic operation 0xe0"),
    "alu": (Insn(op.ALU | 0xE0), "unknown opcode 0xe4"),
    "alu src": (Insn(op.ALU64 | op.ADD, 1, 2), "reserved field src is 2, not 0"),
    "alu imm": (Insn(op.ALU64 | op.ADD | op.X, 1, 2, 0, 3), "reserved field imm is 3, not 0"),
    "alu off": (Insn(op.ALU64 | op.ADD, 1, 0, 1), "reserved field off is 1, not 0"),
    "div off": (Insn(op.ALU64 | op.DIV, 1, 0, 2), "reserved field off is 2, not 0"),
    "neg x": (Insn(op.ALU64 | op.NEG | op.X, 1), "unknown opcode 0x8f"),
    "neg imm": (Insn(op.ALU64 | op.NEG, 1, imm=1), "reserved field imm is 1, not 0"),
    "swap": (Insn(op.ALU | op.END, 1, imm=8), "byte swap of 8 bits"),
    "bswap x": (Insn(op.ALU64 | op.END | op.X, 1, imm=16), "unknown opcode 0xdf"),
    "movsx": (Insn(op.ALU64 | op.MOV | op.X, 1, 2, 64), "sign extension from 64 bits"),
    "movsx 32 of 32": (Insn(op.ALU | op.MOV | op.X, 1, 2, 32), "sign extension from 32 bits"),
    "mov imm off": (Insn(op.ALU64 | op.MOV, 1, 0, 8), "reserved field off is 8, not 0"),
    "cast": (Insn(op.ALU64 | op.MOV | op.X, 1, 2, 1, 5), "unknown address space cast 0x5"),
    "ja x": (Insn(op.JMP | op.JA | op.X), "unknown opcode 0x0d"),
    "ja imm": (Insn(op.JMP | op.JA, imm=3), "reserved field imm is 3, not 0"),
    "gotol off": (Insn(op.JMP32 | op.JA, off=3), "reserved field off is 3, not 0"),
    "callx": (Insn(op.JMP | op.CALL | op.X), "unknown opcode 0x8d"),
    "call32": (Insn(op.JMP32 | op.CALL), "unknown opcode 0x86"),
    "exit32": (Insn(op.JMP32 | op.EXIT), "unknown opcode 0x96"),
    "call kind": (Insn(op.JMP | op.CALL, 0, 3), "unknown kind 3 of call"),
    "call off": (Insn(op.JMP | op.CALL, 0, 1, 2), "reserved field off is 2, not 0"),
    "exit imm": (Insn(op.JMP | op.EXIT, imm=1), "reserved field imm is 1, not 0"),
    "jump": (Insn(op.JMP | 0xF0), "unknown opcode 0xf5"),
    "jump src": (Insn(op.JMP | op.JEQ, 1, 2), "reserved field src is 2, not 0"),
    "jump imm": (Insn(op.JMP32 | op.JEQ | op.X, 1, 2, 0, 5), "reserved field imm is 5, not 0"),
}


@pytest.mark.parametrize(("insn", "reason"), FAULTS.values(), ids=FAULTS)
def test_a_malformed_slot(insn: Insn, reason: str) -> None:
    assert slot_fault(insn) == reason
    assert encoding_faults((Insn(op.JMP | op.JA), insn)) == (EncodingFault(1, reason),)


FIRST, SECOND = wide_load(1, 5)
WIDE_FAULTS = {
    "cut": ((FIRST,), "wide load is cut at the end of the program"),
    "second opcode": ((FIRST, Insn(op.JMP | op.EXIT)), "second half of the wide load has opcode 0x95, not 0"),
    "second dst": ((FIRST, Insn(0, 1)), "reserved field dst is 1, not 0"),
    "second src": ((FIRST, Insn(0, 0, 1)), "reserved field src is 1, not 0"),
    "second off": ((FIRST, Insn(0, off=1)), "reserved field off is 1, not 0"),
    "map with high half": (wide_load(1, 1 << 32, op.WIDE_MAP), "second half of the wide load has immediate 1, not 0"),
    "kind": (wide_load(1, 0, 7), "unknown kind 7 of wide load"),
    "off": ((Insn(op.WIDE, 1, off=2), SECOND), "reserved field off is 2, not 0"),
}


@pytest.mark.parametrize(("insns", "reason"), WIDE_FAULTS.values(), ids=WIDE_FAULTS)
def test_a_malformed_wide_load(insns: tuple[Insn, ...], reason: str) -> None:
    assert encoding_faults(insns) == (EncodingFault(0, reason),)


def test_each_slot_has_its_own_fault() -> None:
    bad = Insn(op.ALU64 | 0xE0)
    assert [fault.slot for fault in encoding_faults((bad, FIRST, SECOND, bad))] == [0, 3]


@pytest.mark.parametrize("kind", range(7))
def test_every_kind_of_wide_load_is_known(kind: int) -> None:
    assert encoding_faults(wide_load(1, 7, kind)) == ()


def test_the_opcodes_of_the_standard_and_of_linux_are_known() -> None:
    arithmetic = 12 * 4 + 2 + 3  # binary operations, NEG, END
    jumps = 11 * 4 + 2 + 1 + 1 + 1  # conditions, JA, CALL, EXIT, may_goto
    memory = 1 + 6 + 7 + 4 + 8  # wide, legacy, LDX with MEMSX, ST, STX with ATOMIC
    known = {
        opcode for opcode in range(256) for imm in (0, 16, op.LOAD_ACQUIRE) if slot_fault(Insn(opcode, imm=imm)) is None
    }
    assert len(known) == arithmetic + jumps + memory
