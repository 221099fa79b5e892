"""The gate over many files: each judged on its own, all that is found compared with a baseline, and one summary."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from syrupc.diagnostics import Span
from syrupc.inputs import Inputs, find
from syrupc.report import Output, Report, Status, attempt
from syrupc.summary import summarise

Action = Callable[[Report], None]


@dataclass(frozen=True, slots=True)
class Review:
    """What came of each file, and of the arguments that named none."""

    files: list[Report]
    missed: list[Report]
    passed_over: list[str]

    def show(self, output: Output, others: Sequence[Report] = ()) -> Status:
        """Show all findings, then the table. `others` is what else there is to say, as of the baseline."""
        reports = [*self.files, *self.missed, *others]
        return output.show(
            reports,
            closing=summarise(self.files, len(self.passed_over)) if self._judged else "",
            more={"files": [_fields(each) for each in self.files], "passed_over": self.passed_over},
        )

    @property
    def _judged(self) -> bool:
        """Whether a table says more than the findings do: not of a single file that was not even read."""
        return len(self.files) > 1 or any(each.verdicts for each in self.files)


def review(arguments: Sequence[str], action: Action) -> Review:
    """Run `action` on every file that the arguments name; one that fails keeps none of the others from it."""
    inputs = find(arguments)
    with _progress(inputs) as advancing:
        files = [_located(attempt("verifying", path, action)) for path in advancing(inputs.files)]
    return Review(files, [_missed(argument, inputs) for argument in inputs.missed], inputs.passed_over)


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
    return {"file": report.path, "status": int(report.status), "ms": round(report.seconds * 1000, 1)}


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
