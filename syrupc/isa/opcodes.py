"""The numbers of the instruction set (RFC 9669, and what Linux added since), named once.

An opcode byte is a class in its low three bits. Arithmetic and jump classes have an operation in the high four bits
and a bit that says where the second operand is (`K`: the immediate, `X`: a register); load and store classes have a
mode in the high three bits and a size in the two between.
"""

from __future__ import annotations

from typing import Final

# -- classes -----------------------------------------------------------------------------------------------------------
LD: Final = 0x00
LDX: Final = 0x01
ST: Final = 0x02
STX: Final = 0x03
ALU: Final = 0x04
JMP: Final = 0x05
JMP32: Final = 0x06
ALU64: Final = 0x07

# -- where the second operand is ---------------------------------------------------------------------------------------
K: Final = 0x00
X: Final = 0x08

# -- arithmetic --------------------------------------------------------------------------------------------------------
ADD: Final = 0x00
SUB: Final = 0x10
MUL: Final = 0x20
DIV: Final = 0x30
OR: Final = 0x40
AND: Final = 0x50
LSH: Final = 0x60
RSH: Final = 0x70
NEG: Final = 0x80
MOD: Final = 0x90
XOR: Final = 0xA0
MOV: Final = 0xB0
ARSH: Final = 0xC0
END: Final = 0xD0

SIGNED: Final = 1
"""The offset that makes `DIV` and `MOD` signed (Linux 6.6)."""
MOVSX_WIDTHS: Final = (8, 16, 32)
"""The offsets that make a register `MOV` sign-extend that many bits (Linux 6.6)."""
ADDR_SPACE_CAST: Final = 1
"""The offset that makes a 64-bit register `MOV` a cast between address spaces (Linux 6.9)."""

TO_LE: Final = K
TO_BE: Final = X

# -- jumps -------------------------------------------------------------------------------------------------------------
JA: Final = 0x00
JEQ: Final = 0x10
JGT: Final = 0x20
JGE: Final = 0x30
JSET: Final = 0x40
JNE: Final = 0x50
JSGT: Final = 0x60
JSGE: Final = 0x70
CALL: Final = 0x80
EXIT: Final = 0x90
JLT: Final = 0xA0
JLE: Final = 0xB0
JSLT: Final = 0xC0
JSLE: Final = 0xD0
JCOND: Final = 0xE0
"""`may_goto`: the kernel decides when a loop has turned often enough (Linux 6.9)."""

CALL_HELPER: Final = 0
CALL_LOCAL: Final = 1
CALL_KFUNC: Final = 2

# -- sizes -------------------------------------------------------------------------------------------------------------
W: Final = 0x00
H: Final = 0x08
B: Final = 0x10
DW: Final = 0x18

SIZES: Final = {B: 1, H: 2, W: 4, DW: 8}
"""Size bits -> bytes."""

# -- modes -------------------------------------------------------------------------------------------------------------
IMM: Final = 0x00
ABS: Final = 0x20
IND: Final = 0x40
MEM: Final = 0x60
MEMSX: Final = 0x80
ATOMIC: Final = 0xC0

FETCH: Final = 0x01
XCHG: Final = 0xE0 | FETCH
CMPXCHG: Final = 0xF0 | FETCH
LOAD_ACQUIRE: Final = 0x100
STORE_RELEASE: Final = 0x110
"""`LOAD_ACQUIRE` and `STORE_RELEASE` are atomics of Linux 6.15, not of the RFC."""

ATOMIC_ARITHMETIC: Final = (ADD, OR, AND, XOR)
"""Atomics that combine memory with a register, each also with `FETCH`."""

# -- wide loads --------------------------------------------------------------------------------------------------------
WIDE: Final = LD | DW | IMM

WIDE_NUMBER: Final = 0
WIDE_MAP: Final = 1
WIDE_MAP_VALUE: Final = 2
WIDE_SYMBOL: Final = 3
WIDE_CODE: Final = 4
WIDE_MAP_INDEX: Final = 5
WIDE_MAP_INDEX_VALUE: Final = 6
"""What the source field of a wide load says that its immediate is."""

FRAME_POINTER: Final = 10
REGISTERS: Final = 11

CLASS_MASK: Final = 0x07
OPERATION_MASK: Final = 0xF0
MODE_MASK: Final = 0xE0
SIZE_MASK: Final = 0x18
