"""The gate over many files: each judged on its own, all that is found compared with a baseline, and one summary."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from syrupc import baseline
from syrupc.baseline import Baseline
from syrupc.diagnostics import Diagnostic, Span
from syrupc.errors import UsageError
from syrupc.files import read_text
from syrupc.inputs import Inputs, find
from syrupc.report import Output, Report, Status, attempt
from syrupc.summary import summarise

Action = Callable[[Report], None]


@dataclass(frozen=True, slots=True)
class Gate:
    """How findings are compared with those that are accepted: the file, whether to write it, and what was typed."""

    baseline: str | None
    update: bool
    arguments: Sequence[str]

    @property
    def command(self) -> str:
        """What writes the baseline anew."""
        verb, *rest = self.arguments
        return shlex.join(["syrupc", verb, *([] if self.update else [_UPDATE]), *rest])


@dataclass(frozen=True, slots=True)
class Review:
    """What came of each file, and of the arguments that named none."""

    files: list[Report]
    missed: list[Report]
    passed_over: list[str]

    def conclude(self, output: Output, gate: Gate) -> Status:
        """Compare with the baseline, show all findings, then the table. Returns the exit status."""
        compared = (
            [] if gate.baseline is None else [attempt("comparing with", gate.baseline, partial(self._compare, gate))]
        )
        closing = summarise(self.files, len(self.passed_over)) if self._judged else ""
        return output.show(
            [*self.files, *self.missed, *compared],
            closing=closing + "".join(f"{line}\n" for report in compared for line in report.remarks),
            more={"files": [_fields(each) for each in self.files], "passed_over": self.passed_over},
        )

    def _compare(self, gate: Gate, told: Report) -> None:
        reports = [*self.files, *self.missed]
        known = _known(told.path, gate)
        if gate.update:
            told.remarks.append(self._update(known))
            known = _known(told.path, gate)
        gone = baseline.accept(known, reports, gate.command)
        told.findings, told.status = gone.findings, gone.status
        if not gate.update and any(each.status is Status.DIAGNOSTICS for each in reports):
            told.remarks.append(f"to accept what is found now: {gate.command}")

    def _update(self, known: Baseline) -> str:
        """Write the baseline, and say so."""
        if self.missed or not all(each.status in (Status.ACCEPTED, Status.DIAGNOSTICS) for each in self.files):
            return f"{known.path} was not written: not every file could be judged"
        count = baseline.update(known, self.files)
        return f"wrote {known.path} ({count} finding{'' if count == 1 else 's'} of these files)"

    @property
    def _judged(self) -> bool:
        """Whether a table says more than the findings do: not of a single file that was not even read."""
        return len(self.files) > 1 or any(each.verdicts for each in self.files)


_UPDATE: Final = "--update-baseline"


def review(arguments: Sequence[str], action: Action) -> Review:
    """Run `action` on every file that the arguments name; one that fails keeps none of the others from it."""
    inputs = find(arguments)
    with _progress(inputs) as advancing:
        files = [_located(attempt("verifying", path, action)) for path in advancing(inputs.files)]
    return Review(files, [_missed(argument, inputs) for argument in inputs.missed], inputs.passed_over)


def _known(path: str, gate: Gate) -> Baseline:
    """What is accepted so far. Raises `UsageError` SYR001, SYR006."""
    if not os.path.lexists(path):
        if gate.update:
            return Baseline(path, {})
        raise UsageError(
            Diagnostic("SYR001", f"there is no baseline `{path}` yet", help=(f"write it: `{gate.command}`",))
        )
    return baseline.read(path, read_text(path))


def _located(report: Report) -> Report:
    """The report, where findings without a place in a source lie in the file itself: an object has no lines."""
    if report.status is Status.DIAGNOSTICS:
        here = Span(report.path, 1)
        report.findings = [
            each if each.diagnostic.span else replace(each, diagnostic=replace(each.diagnostic, span=here))
            for each in report.findings
        ]
    return report


def _missed(argument: str, inputs: Inputs) -> Report:
    report = Report(argument)
    report.fail(inputs.missed[argument])
    return report


def _fields(report: Report) -> dict[str, Any]:
    return {
        "file": report.path,
        "status": int(report.status),
        "known": report.known,
        "ms": round(report.seconds * 1000, 1),
    }


@contextmanager
def _progress(inputs: Inputs) -> Iterator[Callable[[Iterable[str]], Iterable[str]]]:
    """How far the work has come, on a terminal, while it lasts."""
    if len(inputs.files) < 2 or not sys.stderr.isatty():
        yield iter
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(file=sys.stderr), transient=True) as progress:
        yield lambda paths: progress.track(paths, total=len(inputs.files), description="verifying")
