"""The demo in the kernel: the mechanism shows, and whatever ends the demo leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

import syrup
from benchmarks.demo import kernel
from benchmarks.demo.results import Row, rows
from benchmarks.demo.schedule import DEFAULT, Plan, run
from benchmarks.demo.trace import Load, draw
from benchmarks.measure import SHOWN, example

pytestmark = pytest.mark.bpf

DEADLINE = 30.0
T = TypeVar("T")


def _silent(_policy: str, _repetition: int) -> None:
    """Nobody watches."""


def measured(plan: Plan) -> dict[str, Row]:
    policies = {name: syrup.compile(example(name)) for name in plan.policies}
    with kernel.steered(policies, plan.load, plan.workers) as ground:
        return {row.policy: row for row in rows(run(plan, ground, _silent), DEFAULT)}


def test_gets_wait_for_scans_under_the_default_and_not_under_sita_and_scan_avoid() -> None:
    table = measured(Plan(("sita", "scan_avoid"), Load(seconds=1.0), repetitions=3, spare_runs=4))

    assert {name: row.lost for name, row in table.items()} == {DEFAULT: 0, "sita": 0, "scan_avoid": 0}
    assert table["sita"].gain > 5
    assert table["scan_avoid"].gain > 5


def test_policies_decide_who_serves() -> None:
    load = Load(rate=1000, seconds=0.5, get_us=0, scan_us=1000, scan_share=0.05)
    table = measured(Plan(("round_robin", "sita", "tokens"), load, repetitions=1))

    assert max(table["round_robin"].share) - min(table["round_robin"].share) < 0.01
    assert table["sita"].share[-1] == pytest.approx(0.05, abs=0.03)
    assert (table["tokens"].lost, table["tokens"].dropped > 0) == (0, True)


def test_every_decision_has_a_cost() -> None:
    load = Load(seconds=0.5)
    policies = {name: syrup.compile(example(name)) for name in SHOWN}

    costs = kernel.costs_ns(policies, draw(load, seed=1), load, 6)

    assert sorted(costs) == sorted(SHOWN)
    assert all(0 < ns < 10_000 for ns in costs.values())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_stops_its_workers(number: signal.Signals, repository: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.demo"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=repository) as demo:
        try:
            workers = wait_for(lambda: found if len(found := children(demo.pid)) == 6 else None)
            demo.send_signal(number)
            output, _ = demo.communicate(timeout=DEADLINE)
        finally:
            demo.kill()

    assert demo.returncode == 130
    assert "interrupted" in output
    wait_for(lambda: not any(map(runs, workers)) or None)


def test_workers_end_when_the_demo_is_killed(repository: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.demo"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=repository) as demo:
        try:
            workers = wait_for(lambda: found if len(found := children(demo.pid)) == 6 else None)
        finally:
            demo.kill()

    wait_for(lambda: not any(map(runs, workers)) or None)


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def runs(pid: int) -> bool:
    """Whether the process is there, and not only waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for(condition: Callable[[], T | None]) -> T:
    """What the condition gives once it is not `None`."""
    deadline = time.monotonic() + DEADLINE
    while (found := condition()) is None:
        assert time.monotonic() < deadline, "waited in vain"
        os.sched_yield()
    return found
