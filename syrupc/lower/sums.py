"""Additions as differences, where kernels would draw a wrong conclusion from a sum.

Linux 6.11 to 6.16 remember that `y` is `x + 1`. Once `y` is compared they compute what they know of `x` anew, as
`y - 1`; that addition wraps, so that they forget the bounds of `x`, however well these were known. Older kernels
remember no sums, and those do not remember a difference: `y = x - -1` is the same number, and `x` stays known.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from syrupc.isa import opcodes as op
from syrupc.isa.codec import decode, encode
from syrupc.isa.insn import Insn
from syrupc.lower.addresses import numbers_before

_SLOT: Final = 8
_SUM: Final = op.ALU64 | op.ADD
_DIFFERENCE: Final = op.ALU64 | op.SUB
_WRITES: Final = (op.LD, op.LDX, op.ALU, op.ALU64)
_ENDS: Final = (op.JA, op.EXIT)
_LAST_ARGUMENT: Final = 5

# Of the ELF header: where the section headers are, and how many. Of a section header: flags, place and size.
_HEADER: Final = struct.Struct("<40xQ12xH2x")
_SECTION: Final = struct.Struct("<8xQ8xQQ24x")
_EXECUTABLE: Final = 1 << 2


def as_differences(data: bytes) -> bytes:
    """The object, with every sum of a number and a constant above zero changed that is compared thereafter."""
    code = bytearray(data)
    for place, size in _programs(data):
        insns = decode(data[place : place + size])
        compared = [slot for slot, insn in enumerate(insns) if _is_sum(insn) and _is_compared(insns, slot)]
        numbers = numbers_before(insns) if compared else ()
        for slot in compared:
            insn = insns[slot]
            if insn.dst in numbers[slot]:
                changed = replace(insn, opcode=_DIFFERENCE, imm=-insn.imm)
                struct.pack_into("8s", code, place + slot * _SLOT, encode([changed]))
    return bytes(code)


def _programs(data: bytes) -> Iterator[tuple[int, int]]:
    """Where the object has code, and how many bytes of it."""
    headers, count = _HEADER.unpack_from(data)
    for number in range(count):
        flags, place, size = _SECTION.unpack_from(data, headers + number * _SECTION.size)
        if flags & _EXECUTABLE and size:
            yield place, size


def _is_sum(insn: Insn) -> bool:
    return insn.opcode == _SUM and insn.imm > 0


def _is_compared(insns: Sequence[Insn], slot: int) -> bool:
    """Whether the sum is compared before it changes or control goes elsewhere."""
    register = insns[slot].dst
    for insn in insns[slot + 1 :]:
        if insn.cls in (op.JMP, op.JMP32):
            if insn.operation in _ENDS:
                return False
            if insn.operation == op.CALL:
                if register <= _LAST_ARGUMENT:
                    return False
            elif register == insn.dst or (insn.from_register and register == insn.src):
                return True
        elif insn.cls in _WRITES and insn.dst == register:
            return False
    return False
