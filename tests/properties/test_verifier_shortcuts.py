"""A shortcut comes to what the obligations and the effect of its instruction come to."""

from __future__ import annotations

import random
from typing import Any

import pytest

from syrupc.kernel.profiles import NAMES, profile
from syrupc.verifier import plans
from syrupc.verifier.gate import judge
from syrupc.verifier.subject import MapUse
from syrupc.verifier.verdict import Outcome, ProgramVerdict
from tests.properties.bytecode import sample
from tests.properties.test_verifier_kernel import subject

SAMPLES = 300


@pytest.mark.parametrize("kernel", NAMES)
def test_the_verdict_is_the_same_without_shortcuts(kernel: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rnd = random.Random(int(kernel.replace(".", "")))
    samples = [sample(rnd) for _ in range(SAMPLES)]

    def verdicts() -> list[ProgramVerdict]:
        return [
            judge(subject(s.insns, "socket_filter", profile(kernel), {slot: MapUse(0, None) for slot in s.lookups}))
            for s in samples
        ]

    taken = 0
    shortcut_of = plans.shortcut_of

    def counting(insn: Any) -> Any:
        nonlocal taken
        found = shortcut_of(insn)
        taken += found is not None
        return found

    monkeypatch.setattr(plans, "shortcut_of", counting)
    short = verdicts()
    assert taken > SAMPLES
    assert sum(v.outcome is Outcome.ACCEPTED for v in short) > SAMPLES // 8
    monkeypatch.setattr(plans, "shortcut_of", lambda _: None)
    monkeypatch.setattr(plans, "way_of", lambda _: None)
    assert verdicts() == short
