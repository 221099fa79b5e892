"""No run executes more instructions than the verdict says."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from syrupc.datagram import Datagram
from syrupc.driver import judge
from syrupc.files import read_source
from syrupc.isa.machine import World
from syrupc.options import Options
from syrupc.simulate import Simulation
from syrupc.verifier.verdict import Outcome

ROOT = Path(__file__).parents[3]
POLICIES = [*(ROOT / "examples").glob("[!_]*.py"), *(ROOT / "tests" / "policies").glob("*.py")]
DATAGRAMS = 300


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_no_run_executes_more_than_is_proven(path: Path) -> None:
    verdict = judge(read_source(str(path)), Options(kernel="6.1"))
    assert verdict.object.spec is not None
    rnd = random.Random(1)
    for spec, proven in zip(verdict.object.spec.programs, verdict.programs, strict=True):
        assert proven.outcome is Outcome.ACCEPTED
        simulation = Simulation(verdict.object, spec, executors=rnd.randrange(8), world=World.seeded(1))
        payloads = (rnd.randbytes(rnd.choice((0, 1, 8, 9, 24, 64, 300))) for _ in range(DATAGRAMS))
        longest = max(simulation.decide(Datagram(p, flow_hash=rnd.getrandbits(32))).executed for p in payloads)
        assert 0 < longest <= proven.executed
