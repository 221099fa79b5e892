"""Instructions as text, in the pseudo-C that the kernel's log and LLVM print; `syrupc.isa.assembly` reads it back.

Every slot has a text: what is no valid instruction is shown as `.slot opcode, dst, src, off, imm`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from syrupc.isa import opcodes as op
from syrupc.isa.codec import signed, starts, wide_immediate
from syrupc.isa.insn import Insn
from syrupc.isa.structure import encoding_faults, slot_fault

Names = Mapping[int, str]
"""Helper number -> name, for calls."""

ALU_SIGNS: Final = {
    op.ADD: "+=",
    op.SUB: "-=",
    op.MUL: "*=",
    op.DIV: "/=",
    op.OR: "|=",
    op.AND: "&=",
    op.LSH: "<<=",
    op.RSH: ">>=",
    op.MOD: "%=",
    op.XOR: "^=",
    op.MOV: "=",
    op.ARSH: "s>>=",
}
SIGNED_ALU_SIGNS: Final = {op.DIV: "s/=", op.MOD: "s%="}
JUMP_SIGNS: Final = {
    op.JEQ: "==",
    op.JGT: ">",
    op.JGE: ">=",
    op.JSET: "&",
    op.JNE: "!=",
    op.JSGT: "s>",
    op.JSGE: "s>=",
    op.JLT: "<",
    op.JLE: "<=",
    op.JSLT: "s<",
    op.JSLE: "s<=",
}
ATOMIC_SIGNS: Final = {op.ADD: "+=", op.OR: "|=", op.AND: "&=", op.XOR: "^="}
FETCH_NAMES: Final = {op.ADD: "add", op.OR: "or", op.AND: "and", op.XOR: "xor"}
WIDE_NAMES: Final = {
    op.WIDE_MAP: "map",
    op.WIDE_MAP_VALUE: "map_value",
    op.WIDE_SYMBOL: "symbol",
    op.WIDE_CODE: "code",
    op.WIDE_MAP_INDEX: "map_idx",
    op.WIDE_MAP_INDEX_VALUE: "map_idx_value",
}


def format_program(insns: Sequence[Insn], names: Names | None = None) -> Iterator[tuple[int, str]]:
    """Slot and text of each instruction, in program order."""
    malformed = {fault.slot for fault in encoding_faults(insns)}
    for slot in starts(insns):
        if slot not in malformed:
            yield slot, format_insn(insns, slot, names)
            continue
        yield slot, _raw(insns[slot])
        if insns[slot].opcode == op.WIDE and slot + 1 < len(insns):
            yield slot + 1, _raw(insns[slot + 1])


def format_insn(insns: Sequence[Insn], slot: int = 0, names: Names | None = None) -> str:
    """The text of the instruction at `slot`. A wide load must be whole (`structure` says when it is not)."""
    insn = insns[slot]
    if slot_fault(insn):
        return _raw(insn)
    match insn.cls:
        case op.LD:
            return _wide(insn, wide_immediate(insns, slot)) if insn.opcode == op.WIDE else _packet_load(insn)
        case op.LDX:
            return f"r{insn.dst} = {_memory(insn, insn.src)}"
        case op.ST:
            return f"{_memory(insn, insn.dst)} = {insn.imm}"
        case op.STX:
            return _atomic(insn) if insn.mode == op.ATOMIC else f"{_memory(insn, insn.dst)} = r{insn.src}"
        case op.ALU | op.ALU64:
            return _alu(insn)
        case _:
            return _jump(insn, names or {})


def _raw(insn: Insn) -> str:
    return f".slot {insn.opcode:#04x}, {insn.dst}, {insn.src}, {insn.off}, {insn.imm}"


def _wide(insn: Insn, value: int) -> str:
    low, high = signed(value, 32), signed(value >> 32, 32)
    match insn.src:
        case op.WIDE_NUMBER:
            return f"r{insn.dst} = {value:#x} ll"
        case op.WIDE_MAP_VALUE | op.WIDE_MAP_INDEX_VALUE | op.WIDE_SYMBOL:
            return f"r{insn.dst} = {WIDE_NAMES[insn.src]}({low}, {high}) ll"
        case _:
            return f"r{insn.dst} = {WIDE_NAMES[insn.src]}({low}) ll"


def _packet_load(insn: Insn) -> str:
    where = f"r{insn.src}{_plus(insn.imm)}" if insn.mode == op.IND else str(insn.imm)
    return f"r0 = *(u{insn.size * 8} *)skb[{where}]"


def _plus(offset: int) -> str:
    return f" - {-offset}" if offset < 0 else f" + {offset}"


def _place(insn: Insn, base: int) -> str:
    return f"(r{base}{_plus(insn.off)})"


def _memory(insn: Insn, base: int) -> str:
    sign = "s" if insn.cls == op.LDX and insn.mode == op.MEMSX else "u"
    return f"*({sign}{insn.size * 8} *){_place(insn, base)}"


def _atomic(insn: Insn) -> str:
    cell = f"(u{insn.size * 8} *){_place(insn, insn.dst)}"
    register = f"{'r' if insn.size == 8 else 'w'}{insn.src}"
    accumulator = "r0" if insn.size == 8 else "w0"
    match insn.imm:
        case op.LOAD_ACQUIRE:
            return f"r{insn.dst} = load_acquire((u{insn.size * 8} *){_place(insn, insn.src)})"
        case op.STORE_RELEASE:
            return f"store_release({cell}, r{insn.src})"
        case op.XCHG:
            return f"{register} = atomic_xchg({cell}, {register})"
        case op.CMPXCHG:
            return f"{accumulator} = atomic_cmpxchg({cell}, {accumulator}, {register})"
        case operation if operation & op.FETCH:
            return f"{register} = atomic_fetch_{FETCH_NAMES[operation & ~op.FETCH]}({cell}, {register})"
        case operation:
            return f"lock *{cell} {ATOMIC_SIGNS[operation]} {register}"


def _alu(insn: Insn) -> str:
    letter = "r" if insn.cls == op.ALU64 else "w"
    dst, src = f"{letter}{insn.dst}", f"{letter}{insn.src}"
    match insn.operation:
        case op.NEG:
            return f"{dst} = -{dst}"
        case op.END:
            return f"r{insn.dst} = {_swap_name(insn)}{insn.imm} r{insn.dst}"
        case op.MOV if insn.from_register and insn.off in op.MOVSX_WIDTHS:
            return f"{dst} = (s{insn.off}){src}"
        case op.MOV if insn.from_register and insn.off == op.ADDR_SPACE_CAST:
            return f"{dst} = addr_space_cast({src}, {insn.imm >> 16 & 0xFFFF}, {insn.imm & 0xFFFF})"
    signs = SIGNED_ALU_SIGNS if insn.off == op.SIGNED else ALU_SIGNS
    return f"{dst} {signs[insn.operation]} {src if insn.from_register else insn.imm}"


def _swap_name(insn: Insn) -> str:
    if insn.cls == op.ALU64:
        return "bswap"
    return "be" if insn.from_register else "le"


def _jump(insn: Insn, names: Names) -> str:
    match insn.operation:
        case op.EXIT:
            return "exit"
        case op.CALL:
            return _call(insn, names)
        case op.JA:
            return f"gotol {insn.imm:+d}" if insn.cls == op.JMP32 else f"goto {insn.off:+d}"
        case op.JCOND:
            return f"may_goto {insn.off:+d}"
    letter = "r" if insn.cls == op.JMP else "w"
    second = f"{letter}{insn.src}" if insn.from_register else str(insn.imm)
    return f"if {letter}{insn.dst} {JUMP_SIGNS[insn.operation]} {second} goto {insn.off:+d}"


def _call(insn: Insn, names: Names) -> str:
    match insn.src:
        case op.CALL_LOCAL:
            return f"call pc{insn.imm:+d}"
        case op.CALL_KFUNC:
            return f"call kfunc({insn.imm}, {insn.off})"
        case _:
            return f"call {names[insn.imm]}#{insn.imm}" if insn.imm in names else f"call {insn.imm}"
