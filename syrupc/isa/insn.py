"""One slot of a BPF program. A wide load takes two slots, as in the kernel, so jumps and logs count the same way."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Insn:
    """One 8-byte slot. `off` is signed 16-bit and `imm` signed 32-bit, as encoded."""

    opcode: int
    dst: int = 0
    src: int = 0
    off: int = 0
    imm: int = 0
