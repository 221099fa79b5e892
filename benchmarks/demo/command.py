"""`python -m benchmarks.demo`: steer a real service by one policy after the other, and show what each does to it."""

from __future__ import annotations

import argparse
import math
import signal
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

import syrup
from benchmarks.demo import interpreter, kernel
from benchmarks.demo.report import Report, to_json
from benchmarks.demo.results import Segment, rows
from benchmarks.demo.schedule import DEFAULT, Plan, run
from benchmarks.demo.table import show
from benchmarks.demo.trace import Load, draw
from benchmarks.measure import SHOWN, example
from syrup import features, privileges
from syrupc.errors import LoadError, SyrupError
from syrupc.render import render_text

_INTERRUPTED: Final = 130
Told = Callable[[str, int], None]


def main() -> int:
    options = _options()
    out = Console(stderr=options.json == "-")
    signal.signal(signal.SIGTERM, _as_interrupt)
    plan = Plan(SHOWN, Load(seconds=options.seconds), repetitions=options.repetitions, seed=options.seed)
    try:
        report = _demonstrate(plan, out, options.interpreter)
    except KeyboardInterrupt:
        out.print("interrupted; the workers are stopped, and nothing is attached any more")
        return _INTERRUPTED
    except SyrupError as error:
        sys.stderr.write(render_text(error.diagnostics))
        return 1
    show(report, out)
    if options.json == "-":
        print(to_json(report))
    elif options.json:
        Path(options.json).write_text(to_json(report) + "\n")
    return 0


def _demonstrate(plan: Plan, out: Console, interpreter_only: bool) -> Report:
    reason = "as asked for" if interpreter_only else _why_no_kernel()
    if reason:
        out.print(f"Running in the project's own interpreter, not in the kernel: {reason}", highlight=False)
    else:
        out.print(f"Steering real datagrams in the kernel: {plan.workers} worker processes on loopback")
    policies = _compiled(plan, out)
    return _interpret(plan, policies, out) if reason else _steer(plan, policies, out)


def _why_no_kernel() -> str | None:
    """Why policies cannot be attached here, in words; `None` if they can."""
    try:
        privileges.require_bpf()
        features.require("socket")
    except LoadError as error:
        return error.diagnostics[0].message
    except PermissionError:
        return "the kernel does not let this process load programs"
    return None


def _compiled(plan: Plan, out: Console) -> dict[str, Any]:
    start = time.perf_counter()
    policies = {name: syrup.compile(example(name)) for name in plan.policies}
    seconds = time.perf_counter() - start
    out.print(f"compiled and verified {len(policies)} policies in {seconds:.1f} s", highlight=False)
    return policies


def _steer(plan: Plan, policies: dict[str, Any], out: Console) -> Report:
    with kernel.steered(policies, plan.load, plan.workers) as ground, _progress(plan, out) as told:
        segments = run(plan, ground, told)
        how = ground.how
    cost = kernel.costs_ns(policies, draw(plan.load, plan.seed), plan.load, plan.workers)
    return _report("kernel", how, plan, segments, cost, "ns", _default_to_expected(segments))


def _interpret(plan: Plan, policies: dict[str, Any], out: Console) -> Report:
    verified = {name: policy.verified for name, policy in policies.items()}
    ground = interpreter.Interpreted(verified, plan.load, plan.workers)
    with _progress(plan, out) as told:
        segments = run(plan, ground, told)
    return _report("interpreter", interpreter.HOW, plan, segments, ground.cost, "insns", float("nan"))


def _report(
    ground: str, how: str, plan: Plan, segments: tuple[Segment, ...], cost: dict[str, float], unit: str, ratio: float
) -> Report:
    table = rows(segments, DEFAULT)
    return Report(ground, how, plan.workers, plan.repetitions, plan.load, table, segments, cost, unit, ratio)


def _default_to_expected(segments: tuple[Segment, ...]) -> float:
    return statistics.median(s.get_p99 / s.expected_p99 for s in segments if s.policy == DEFAULT)


@contextmanager
def _progress(plan: Plan, out: Console) -> Iterator[Told]:
    """A bar that moves between runs only: drawing would disturb the load generator."""
    columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total} runs")
    with Progress(*columns, TimeElapsedColumn(), console=out, auto_refresh=False, transient=True) as progress:
        task = progress.add_task("", total=plan.runs)
        done = iter(range(plan.runs))

        def told(policy: str, repetition: int) -> None:
            description = f"{policy}, {repetition + 1} of {plan.repetitions}"
            progress.update(task, description=description, completed=next(done), refresh=True)

        yield told


def _as_interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.demo", description=__doc__)
    parser.add_argument("--json", metavar="FILE", help="write all figures as JSON; - is the standard output")
    parser.add_argument("--seconds", type=_more_than_0, default=2.2, help="how long each run sends (%(default)s)")
    parser.add_argument("--repetitions", type=_count, default=3, help="how often each policy runs (%(default)s)")
    parser.add_argument("--seed", type=_count, default=1, help="of the first repetition's requests (%(default)s)")
    parser.add_argument("--interpreter", action="store_true", help="do not use the kernel, even where it would work")
    options = parser.parse_args()
    if options.json not in (None, "-"):
        try:
            Path(options.json).touch()  # now, and not when everything is measured
        except OSError as error:
            parser.error(f"cannot write {options.json}: {error.strerror}")
    return options


def _more_than_0(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not a time, more than 0")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return value
