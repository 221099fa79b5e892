"""The programs that the verifier's time is measured on are ones that it walks to their end."""

from __future__ import annotations

import pytest

from benchmarks.verify_time import made
from syrupc.verifier.gate import judge
from syrupc.verifier.verdict import Outcome


@pytest.mark.parametrize("shape", ["straight", "branches", "look-ups", "calls", "loop"])
def test_a_program_of_each_shape_has_its_size_and_is_accepted(shape: str) -> None:
    subject = made(shape, 600)
    assert shape == "loop" or 550 < len(subject.insns) < 700
    verdict = judge(subject)
    assert verdict.outcome is Outcome.ACCEPTED
    assert verdict.processed >= 500
