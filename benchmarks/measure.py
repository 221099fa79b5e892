"""What every benchmark ends in: figures with their spread and their bar, as a table or as JSON."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from syrupc.errors import SyrupError
from syrupc.render import render_text

ROOT = Path(__file__).resolve().parents[1]
SHOWN = ("round_robin", "flow_hash", "sita", "scan_avoid", "tokens", "key_hash")
"""The examples that the demo compares and whose figures stand in its README."""
EXAMPLES = (*SHOWN, "least_loaded", "power_of_two", "weighted", "rate_limit", "sticky", "priority")


@dataclass(frozen=True, slots=True)
class Figure:
    """One number: the median of `samples` measurements, their extremes, and the most that it should be, if there is
    such a bar."""

    name: str
    unit: str
    value: float
    low: float
    high: float
    samples: int
    at_most: float | None = None


def figure(name: str, unit: str, samples: Sequence[float], at_most: float | None = None) -> Figure:
    """The median and the extremes of repeated measurements."""
    return Figure(name, unit, statistics.median(samples), min(samples), max(samples), len(samples), at_most)


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds that repetitions took: by the clock, and of CPU time, child processes included.

    On cores that are shared the CPU time says more about what was measured, the clock more about the others.
    """

    wall: tuple[float, ...]
    cpu: tuple[float, ...]


def timed(action: Callable[[], object], repetitions: int, warm_up: int = 1) -> Times:
    """What each repetition takes, after `warm_up` runs that do not count. Only children that have ended count."""
    for _ in range(warm_up):
        action()
    samples = [_time(action) for _ in range(repetitions)]
    return Times(tuple(wall for wall, _ in samples), tuple(cpu for _, cpu in samples))


def _time(action: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), _cpu_seconds()
    action()
    return 1e3 * (time.perf_counter() - wall), 1e3 * (_cpu_seconds() - cpu)


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def both(name: str, times: Times, at_most: float | None = None) -> tuple[Figure, Figure]:
    """The figures of `timed`; the bar is for the CPU time."""
    return figure(f"{name}, CPU", "ms", times.cpu, at_most), figure(f"{name}, clock", "ms", times.wall)


def example(name: str) -> Path:
    return ROOT / "examples" / f"{name}.py"


def table(title: str, figures: Sequence[Figure]) -> Table:
    """A row for each figure."""
    shown = Table(title=title, title_justify="left")
    shown.add_column("")
    for column in ("median", "lowest", "highest", "at most"):
        shown.add_column(column, justify="right")
    for one in figures:
        bar = "" if one.at_most is None else _number(one.at_most, one.unit)
        style = "red" if one.at_most is not None and one.value > one.at_most else ""
        shown.add_row(one.name, *(_number(v, one.unit) for v in (one.value, one.low, one.high)), bar, style=style)
    return shown


def main(
    measure: Callable[[], Sequence[Figure]],
    method: str | None,
    show: Callable[[str, Sequence[Figure]], Table] = table,
) -> None:
    """The command line of one benchmark: its docstring is the help, `--json` writes the figures to a file or `-`."""
    method = method or ""
    parser = argparse.ArgumentParser(description=method, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", metavar="FILE", help="write the figures as JSON; - is the standard output")
    options = parser.parse_args()
    try:
        figures = measure()
    except SyrupError as error:
        sys.stderr.write(render_text(error.diagnostics))
        sys.exit(1)
    title = method.splitlines()[0]
    if options.json != "-":
        Console().print(show(title, figures))
    if options.json:
        _write(options.json, title, figures)


def _number(value: float, unit: str) -> str:
    digits = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}"


def _write(target: str, title: str, figures: Sequence[Figure]) -> None:
    machine = {
        "kernel": platform.release(),
        "machine": platform.machine(),
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
    }
    answer = {"question": title, "machine": machine, "figures": [dataclasses.asdict(one) for one in figures]}
    text = json.dumps(answer, indent=2)
    if target == "-":
        print(text)
    else:
        Path(target).write_text(text + "\n")
