"""Runs one program in the kernel and in the interpreter, as an XDP program that finds operands in its packet.

The packet is an array of 64-bit cells. The prologue leaves its address in `r1`, checked to have that many cells.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache

import pytest

from syrupc.isa import opcodes as op
from syrupc.isa.assembly import parse_program
from syrupc.isa.insn import Insn
from syrupc.isa.machine import Image, Machine, Options, xdp
from tests.conformance import kernel

MOST_CELLS = 400
"""What fits the packet of a test run."""


def prologue(cells: int) -> tuple[Insn, ...]:
    return parse_program(
        f"""
            r2 = *(u32 *)(r1 + 4)
            r1 = *(u32 *)(r1 + 0)
            r3 = r1
            r3 += {8 * cells}
            if r3 <= r2 goto enough
            r0 = 0
            exit
        enough:
        """
    )


def load_cell(dst: int, cell: int) -> Insn:
    return Insn(op.LDX | op.MEM | op.DW, dst, 1, 8 * cell)


def store_cell(cell: int, src: int) -> Insn:
    return Insn(op.STX | op.MEM | op.DW, 1, src, 8 * cell)


def require(insn: Insn) -> None:
    """Skips the test on a kernel that is older than the instruction."""
    if insn.cls == op.STX and insn.mode == op.ATOMIC and insn.imm in (op.LOAD_ACQUIRE, op.STORE_RELEASE):
        _require("r0 = load_acquire((u64 *)(r10 - 8))", "ordered loads and stores (Linux 6.15)")
    if insn.cls in (op.ALU, op.ALU64) and (insn.off or insn.opcode == op.ALU64 | op.END):
        _require("r0 s/= 3", "signed division, sign extension and byte swaps (Linux 6.6)")
    if insn.opcode == op.JMP32 | op.JA or (insn.cls == op.LDX and insn.mode == op.MEMSX):
        _require("r0 s/= 3", "long jumps and sign-extending loads (Linux 6.6)")


def _require(text: str, what: str) -> None:
    if not _loads(text):
        pytest.skip(f"this kernel has no {what}")


@cache
def _loads(text: str) -> bool:
    try:
        with kernel.loaded(parse_program(f"r0 = 7\n*(u64 *)(r10 - 8) = 7\n{text}\nr0 = 0\nexit")):
            return True
    except OSError:
        return False


END = (Insn(op.ALU64 | op.MOV, 0, imm=2), Insn(op.JMP | op.EXIT))


def cells_after(body: Iterable[Insn], cells: Sequence[int], callee: Sequence[Insn] = ()) -> tuple[list[int], list[int]]:
    """The packet's cells after a run in the kernel, and after one in the interpreter. `body` keeps `r1`.

    There must be at least two cells, since a frame has no fewer than 14 bytes. Local calls in `body` go to `callee`.
    """
    program = _resolved((*prologue(len(cells)), *body, *END), callee)
    data = struct.pack(f"<{len(cells)}Q", *cells)
    there = kernel.run_program(program, data, kernel.XDP)
    here = Machine(Image(program), options=Options(filler=0)).run(xdp(data))
    assert here.retval == there.retval == 2
    return _cells(there.data), _cells(here.packet)


def _resolved(main: Sequence[Insn], callee: Sequence[Insn]) -> tuple[Insn, ...]:
    """`main` with its local calls going to `callee`, which is put behind it."""
    local = (op.JMP | op.CALL, op.CALL_LOCAL)
    calls = {at for at, insn in enumerate(main) if (insn.opcode, insn.src) == local}
    return (
        *(replace(i, imm=len(main) - at - 1) if at in calls else i for at, i in enumerate(main)),
        *(callee if calls else ()),
    )


def _cells(data: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(data) // 8}Q", data))
