"""The demo's table and its JSON."""

import io
import json
import math

from rich.console import Console

from benchmarks.demo.report import Report, to_json
from benchmarks.demo.results import Row, Segment
from benchmarks.demo.table import show
from benchmarks.demo.trace import Load


def row(policy: str, p99: float, *, gain: float = 1.0, scan: float = 285.0e6, dropped: int = 0) -> Row:
    share = (0.2, 0.2, 0.2, 0.2, 0.19, 0.01)
    return Row(policy, 3, 13_875, 0, dropped, share, 1.3e6, p99, 110.4e6, scan, (p99, p99), gain)


def report(
    *rows: Row, cost: dict[str, float] | None = None, ratio: float = math.nan, again: int = 0, stall_ns: int = 0
) -> Report:
    run = Segment("default", 1, 10, 0, 0, (1.0,), 1.0, math.inf, 1.0, 1.0, 1.0, math.nan, again, stall_ns)
    return Report("kernel", "How.", 6, 3, Load(), rows, (run,), cost or {}, "ns", ratio)


def shown(what: Report, width: int) -> str:
    console = Console(file=io.StringIO(), width=width)
    show(what, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_eighty_columns_are_enough() -> None:
    text = shown(report(row("round_robin", 188.8e6, gain=155.5, dropped=999), cost={"round_robin": 161.0}), 80)

    line = "round_robin 20 20 20 20 19  1 1.3 188.8 110.4 285.0  999    0 161  155.5x"
    assert line in [each.rstrip() for each in text.splitlines()]
    assert "…" not in text


def test_lost_requests_show_as_infinite() -> None:
    assert " ∞ " in shown(report(row("tokens", 5e6, scan=math.inf)), 80)


def test_what_was_not_measured_is_left_open() -> None:
    text = shown(report(row("default", 5e6, gain=math.nan, scan=math.nan)), 80)

    (line,) = (each for each in text.splitlines() if each.startswith("default"))
    assert line.split()[-5:] == ["-", "0", "0", "-", "-"]


def test_the_notes_say_what_was_measured() -> None:
    text = " ".join(shown(report(row("default", 5e6), ratio=1.04), 80).split())

    assert "How." in text
    assert "1,850 requests/s for 2.2 s a run, open loop, 50 flows, 0.5% SCANs" in text
    assert "1.04 times what an exact simulation" in text


def test_runs_on_a_machine_that_stood_still_are_told() -> None:
    assert "stood still" not in shown(report(row("default", 5e6)), 80)

    text = " ".join(shown(report(row("default", 5e6), again=2, stall_ns=20_000_000), 80).split())
    assert "2 runs in which a CPU stood still for more than 5 ms were done again; 1 of those that count" in text


def test_json_has_every_run_and_stays_json_where_numbers_end() -> None:
    found = json.loads(to_json(report(row("default", 5e6), cost={"sita": 41.5})))

    assert (found["cost"], found["cost_unit"], found["load"]["flows"]) == ({"sita": 41.5}, "ns", 50)
    assert found["segments"][0]["get_p99"] == "inf"
    assert found["segments"][0]["expected_p99"] is None
    assert found["default_to_expected"] is None
