"""The demo's one table, and what a reader must know to judge it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from benchmarks.demo.report import Report
from benchmarks.demo.results import Row, Segment
from benchmarks.demo.schedule import STALL_NS

_BEST_GAIN = 5.0
_WIDE = 100


def show(report: Report, console: Console) -> None:
    console.print(_table(report, wide=console.width >= _WIDE))
    for line in notes(report):
        console.print(line, highlight=False)


def notes(report: Report) -> tuple[str, ...]:
    """What was measured, in sentences."""
    return (report.how, _load(report), *_disturbed(report.segments), *_check(report.default_to_expected))


def _load(report: Report) -> str:
    load = report.load
    runs = f"Medians of {report.repetitions} runs" if report.repetitions > 1 else "One run"
    return (
        f"{load.rate:,.0f} requests/s for {load.seconds:g} s a run, open loop, {load.flows} flows, "
        f"{load.scan_share:.1%} SCANs; they keep {load.busy_workers:.1f} of {report.workers} workers busy. "
        f"{runs}, equal requests for every policy, rotated order; a lost request is infinitely late."
    )


def _disturbed(segments: Sequence[Segment]) -> tuple[str, ...]:
    again, stalled = sum(s.again for s in segments), sum(s.stall_ns > STALL_NS for s in segments)
    if not again + stalled:
        return ()
    still = f"in which a CPU stood still for more than {STALL_NS / 1e6:g} ms"
    return (f"{again} runs {still} were done again; {stalled} of those that count are such runs.",)


def _check(ratio: float) -> tuple[str, ...]:
    if math.isnan(ratio):
        return ()
    compared = f"{ratio:.2f} times what an exact simulation of the same requests in the same queues gives."
    return (f"Check: the default's GET p99 is {compared}",)


def _table(report: Report, wide: bool) -> Table:
    table = Table(title="latencies in ms", title_justify="left", box=None, padding=(0, 2 if wide else 1, 0, 0))
    table.add_column("\npolicy", no_wrap=True)
    heads = ("share of each\nworker, %", "GET\np50", "GET\np99", "GET\np99.9", "SCAN\np99", "\ndrop", "\nlost")
    for head in (*heads, f"\n{report.cost_unit}", "GET p99\nlower"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in report.rows:
        table.add_row(*_cells(row, report.cost.get(row.policy)), style="bold" if row.gain >= _BEST_GAIN else "")
    return table


def _cells(row: Row, cost: float | None) -> tuple[str, ...]:
    latencies = (row.get_p50, row.get_p99, row.get_p999, row.scan_p99)
    each = "-" if cost is None else f"{cost:.0f}"
    counts = str(row.dropped), str(row.lost)
    return (row.policy, _shares(row.share), *map(_milliseconds, latencies), *counts, each, _gain(row.gain))


def _shares(shares: tuple[float, ...]) -> str:
    return " ".join(f"{100 * share:2.0f}" for share in shares)


def _milliseconds(nanoseconds: float) -> str:
    if math.isnan(nanoseconds):
        return "-"
    return "∞" if math.isinf(nanoseconds) else f"{nanoseconds / 1e6:.1f}"


def _gain(gain: float) -> str:
    return "-" if math.isnan(gain) else f"{gain:.1f}x"
