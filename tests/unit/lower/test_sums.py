"""Sums that kernels would remember are differences in what ships."""

from __future__ import annotations

from pathlib import Path

import pytest

from syrupc.driver import compile_source
from syrupc.frontend.source import PolicySource
from syrupc.isa import opcodes as op
from syrupc.isa.insn import Insn
from syrupc.kernel.profiles import NAMES, profile
from syrupc.options import Options
from syrupc.verifier import verify

_LEAST = (Path(__file__).parents[3] / "examples" / "least_loaded.py").read_text()
"""It computes `(start + step) % WORKERS`, and goes on with `start`."""


def _compiled(kernel: str) -> tuple[Insn, ...]:
    verified = compile_source(PolicySource("least_loaded.py", _LEAST), Options(kernel=kernel))
    for name in NAMES[NAMES.index(kernel) :]:
        assert verify(verified.object, profile(name)).accepted, name
    (program,) = verified.object.programs
    return program.insns


@pytest.mark.parametrize("kernel", NAMES)
def test_a_policy_is_accepted_for_its_kernel_and_every_newer_one(kernel: str) -> None:
    differences = [i for i in _compiled(kernel) if i.opcode == op.ALU64 | op.SUB and i.imm == -1]
    assert bool(differences) == (kernel != "6.18")
