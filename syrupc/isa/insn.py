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

    @property
    def cls(self) -> int:
        """The instruction class: `opcodes.LD` … `opcodes.ALU64`."""
        return self.opcode & 0x07

    @property
    def operation(self) -> int:
        """The operation of an arithmetic or jump instruction: `opcodes.ADD`, `opcodes.JEQ`, …"""
        return self.opcode & 0xF0

    @property
    def from_register(self) -> bool:
        """The second operand of an arithmetic or jump instruction is `src`, not `imm`."""
        return bool(self.opcode & 0x08)

    @property
    def mode(self) -> int:
        """The mode of a load or store: `opcodes.MEM`, `opcodes.ATOMIC`, …"""
        return self.opcode & 0xE0

    @property
    def size(self) -> int:
        """Bytes that a load or store moves."""
        return (4, 2, 1, 8)[self.opcode >> 3 & 3]
