"""The demo without a kernel: compiled policies decide in the interpreter, on the requests of the trace."""

from functools import cache

import numpy as np
import pytest

from benchmarks.demo.generator import NOBODY, Outcome
from benchmarks.demo.interpreter import Interpreted
from benchmarks.demo.protocol import GET, SCAN
from benchmarks.demo.results import percentile
from benchmarks.demo.schedule import DEFAULT
from benchmarks.demo.trace import BATCH_USER, Load, draw
from benchmarks.measure import example
from syrupc.driver import compile_file
from syrupc.options import Options

WORKERS = 6
LOAD = Load(rate=1850, seconds=1.0, scan_share=0.008)
TRACE = draw(LOAD, seed=1)


@cache
def run(policy: str) -> Outcome:
    policies = {} if policy == DEFAULT else {policy: compile_file(example(policy), Options())}
    return Interpreted(policies, LOAD, WORKERS).run(policy, TRACE)


def test_the_default_keeps_a_flow_with_one_worker() -> None:
    worker = run(DEFAULT).worker
    homes = [set(worker[TRACE.flow == flow].tolist()) for flow in range(TRACE.flows)]

    assert max(map(len, homes)) == 1
    assert set.union(*homes) == set(range(WORKERS))


def test_round_robin_serves_equally_often() -> None:
    counts = np.bincount(run("round_robin").worker, minlength=WORKERS)

    assert counts.max() - counts.min() <= 1


def test_sita_keeps_scans_apart() -> None:
    worker = run("sita").worker

    assert set(worker[TRACE.kind == SCAN].tolist()) == {WORKERS - 1}
    assert set(worker[TRACE.kind == GET].tolist()) == set(range(WORKERS - 1))


@pytest.mark.parametrize("policy", ["sita", "scan_avoid"])
def test_gets_do_not_wait_for_scans(policy: str) -> None:
    default, better = (percentile(run(name).latency_ns[TRACE.kind == GET], 0.99) for name in (DEFAULT, policy))

    assert better * 5 < default


def test_token_drops_what_there_are_no_tokens_for() -> None:
    result = run("tokens")
    unserved = result.worker == NOBODY

    assert result.dropped == unserved.sum() > 0
    assert set(TRACE.user[unserved].tolist()) == {BATCH_USER}
    assert (~unserved[TRACE.kind == SCAN]).any()


def test_key_hash_gives_a_key_one_owner() -> None:
    worker = run("key_hash").worker
    owners: dict[int, set[int]] = {}
    for key, owner in zip(TRACE.key.tolist(), worker.tolist(), strict=True):
        owners.setdefault(key, set()).add(owner)

    assert max(map(len, owners.values())) == 1
    assert set(worker.tolist()) == set(range(WORKERS))


def test_the_instructions_of_a_decision_are_counted() -> None:
    ground = Interpreted({"flow_hash": compile_file(example("flow_hash"), Options())}, LOAD, WORKERS)

    ground.run("flow_hash", TRACE)

    assert 5 < ground.cost["flow_hash"] < 100
