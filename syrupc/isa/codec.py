"""Bytes <-> instructions: exact inverses on every pattern, so that what is judged is what ships."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from typing import Final

from syrupc.isa.insn import Insn
from syrupc.isa.opcodes import WIDE

SLOT_SIZE: Final = 8
_SLOT: Final = struct.Struct("<BBhi")


def decode(code: bytes) -> tuple[Insn, ...]:
    """The slots of a little-endian program. Any pattern decodes; `syrupc.isa.structure` says which are instructions.

    Raises `ValueError` if `code` is not a whole number of slots.
    """
    if len(code) % SLOT_SIZE:
        raise ValueError(f"a program is a whole number of {SLOT_SIZE}-byte slots, not {len(code)} bytes")
    return tuple(
        Insn(opcode, registers & 0xF, registers >> 4, off, imm)
        for opcode, registers, off, imm in _SLOT.iter_unpack(code)
    )


def encode(insns: Iterable[Insn]) -> bytes:
    """The bytes of a program. Raises `ValueError` if a field does not fit its bits."""
    return b"".join(map(_encode_slot, insns))


def _encode_slot(insn: Insn) -> bytes:
    if not (0 <= insn.dst <= 0xF and 0 <= insn.src <= 0xF):
        raise ValueError(f"register field out of range: {insn}")
    try:
        return _SLOT.pack(insn.opcode, insn.dst | insn.src << 4, insn.off, insn.imm)
    except struct.error as error:
        raise ValueError(f"field out of range: {insn}") from error


def signed(value: int, bits: int) -> int:
    """The low `bits` of `value`, read as two's complement."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def wide_load(dst: int, value: int, kind: int = 0) -> tuple[Insn, Insn]:
    """The two slots that load a 64-bit `value` (signed or unsigned); `kind` is one of `opcodes.WIDE_…`."""
    return Insn(WIDE, dst, kind, 0, signed(value, 32)), Insn(0, 0, 0, 0, signed(value >> 32, 32))


def wide_immediate(insns: Sequence[Insn], slot: int) -> int:
    """The unsigned 64-bit immediate of the wide load at `slot`."""
    if insns[slot].opcode != WIDE:
        raise ValueError(f"slot {slot} is not a wide load")
    return (insns[slot].imm & 0xFFFFFFFF) | (insns[slot + 1].imm & 0xFFFFFFFF) << 32


def starts(insns: Sequence[Insn]) -> tuple[int, ...]:
    """The slots where an instruction begins: all but the second halves of wide loads."""
    found, slot = [], 0
    while slot < len(insns):
        found.append(slot)
        slot += 2 if insns[slot].opcode == WIDE else 1
    return tuple(found)
