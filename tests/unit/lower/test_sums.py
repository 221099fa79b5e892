"""Sums that kernels would remember are differences in what ships."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from syrupc.driver import compile_source
from syrupc.frontend.source import PolicySource
from syrupc.isa import opcodes as op
from syrupc.isa.assembly import parse_program
from syrupc.isa.insn import Insn
from syrupc.kernel.profiles import NAMES, profile
from syrupc.lower.addresses import numbers_before
from syrupc.options import Options
from syrupc.verifier import verify

_LEAST: Final = (Path(__file__).parents[3] / "examples" / "least_loaded.py").read_text()
"""It computes `(start + step) % WORKERS`, and goes on with `start`."""

_SLICE: Final = """
import syrup

@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return pkt.payload[len(pkt.payload) // 2:-9] != b"12345678901"
"""
"""It computes where the slice ends from where it starts, and compares it with where the payload does."""


def _compiled(text: str, kernel: str) -> tuple[Insn, ...]:
    verified = compile_source(PolicySource("policy.py", text), Options(kernel=kernel))
    for name in NAMES[NAMES.index(kernel) :]:
        assert verify(verified.object, profile(name)).accepted, name
    (program,) = verified.object.programs
    return program.insns


@pytest.mark.parametrize("kernel", NAMES)
@pytest.mark.parametrize("text", [_LEAST, _SLICE])
def test_a_policy_is_accepted_for_its_kernel_and_every_newer_one(text: str, kernel: str) -> None:
    differences = [i for i in _compiled(text, kernel) if i.opcode == op.ALU64 | op.SUB and i.imm < 0]
    assert bool(differences) == (kernel != "6.18")


CODE = """
    r6 = r1
    r7 = *(u64 *)(r6 + 0)
    r8 = *(u64 *)(r6 + 8)
    *(u64 *)(r10 - 8) = r7
    r7 += 14
    if r7 > r8 goto out
    r3 = *(u64 *)(r10 - 8)
    r3 += 22
    if r3 > r8 goto out
    r3 = *(u64 *)(r7 - 8)
    r3 += 1
    if r3 == r6 goto out
    r2 = r10
    r2 += 8
    if r2 == 0 goto out
    w4 = w3
    r4 += 5
    if r4 > 9 goto out
    r4 += 6
    r4 = 0
    if r4 > 9 goto out
out:
    r0 = 0
    exit
"""


def test_numbers_are_told_from_addresses() -> None:
    insns = parse_program(CODE)
    numbers = numbers_before(insns)
    sums = {i.imm: i.dst in numbers[slot] for slot, i in enumerate(insns) if i.opcode == op.ALU64 | op.ADD}
    assert sums == {14: False, 22: False, 1: True, 8: False, 5: True, 6: True}
