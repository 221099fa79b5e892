"""The programs that are mutated: the examples, and generated policies, one seed after another."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from syrupc.driver import judge
from syrupc.errors import CompileError
from syrupc.files import read_source
from syrupc.frontend.source import PolicySource
from syrupc.kernel.profiles import NAMES, KernelProfile, profile
from syrupc.kernel.release import release
from syrupc.options import Options
from syrupc.verifier.verdict import Verdict
from tests.fuzz.patience import ImpatienceError, limited
from tests.fuzz.sample import sample

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))
_PATIENCE = 3.0


def running() -> KernelProfile:
    """The newest profile that is not newer than the kernel that runs."""
    here = release(".".join(os.uname().release.split(".")[:2]))
    return profile(next((name for name in reversed(NAMES) if release(name) <= here), NAMES[0]))


def examples(kernel: KernelProfile) -> Iterator[Verdict]:
    options = replace(Options(), kernel=kernel)
    yield from (judge(read_source(str(path)), options) for path in EXAMPLES)


def generated(kernel: KernelProfile, seed: int) -> Verdict | None:
    """The policy file of a seed, compiled; None where it is not accepted or takes long."""
    program = sample(random.Random(seed))
    try:
        with limited(_PATIENCE):
            verdict = judge(PolicySource("policy.py", program.text), replace(Options(), kernel=kernel))
    except (CompileError, ImpatienceError):
        return None
    return verdict if verdict.accepted else None
