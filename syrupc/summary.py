"""What came of many files, as a table: one line a program, those that were not accepted first when there are many."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Final

from syrupc.report import Report, Status
from syrupc.snippet import printable
from syrupc.verifier.verdict import Outcome, ProgramVerdict

MAX_ROWS: Final = 60

_WIDTH: Final = 240
# The verdict first: a line then begins with a word of ours, whatever the file is called.
_COLUMNS: Final = ("verdict", "file", "program", ">executed", ">ns", ">processed", ">stack", ">ms")
_Row = tuple[str, ...]


def summarise(reports: Sequence[Report], passed_over: int) -> str:
    """The table and a last line with the totals. `ms` is the time for the whole file, in its first line."""
    rows = [(row, bad) for report in reports for row, bad in _rows(report)]
    shown = [row for row, _ in rows] if len(rows) <= MAX_ROWS else [row for row, bad in rows if bad][:MAX_ROWS]
    lines = [_table(shown)] if shown else []
    if len(shown) < len(rows):
        lines.append(f" ... and {_counted(len(rows) - len(shown), 'more line')}\n")
    return "".join((*lines, _totals(reports, passed_over)))


def _rows(report: Report) -> Iterator[tuple[_Row, bool]]:
    """The lines of one file, each with whether it is not accepted."""
    ms = f"{report.seconds * 1000:.1f}"
    known = report.known > 0 and report.status is Status.ACCEPTED
    if not report.verdicts:
        word = "rejected, known" if known else _WITHOUT_VERDICT[report.status]
        yield (word, printable(report.path), "-", "", "", "", "", ms), not known
    for number, verdict in enumerate(report.verdicts):
        good = verdict.outcome is Outcome.ACCEPTED
        figures = _figures(verdict) if good else ("", "", "", "")
        word = verdict.outcome.value if good or not known else f"{verdict.outcome.value}, known"
        names = printable(report.path), printable(verdict.program)
        yield (word, *names, *figures, "" if number else ms), not (good or known)


_WITHOUT_VERDICT: Final = {
    Status.ACCEPTED: "no program",
    Status.DIAGNOSTICS: "rejected",
    Status.USAGE: "not read",
    Status.INTERNAL: "internal error",
}


def _figures(verdict: ProgramVerdict) -> _Row:
    duration = "-" if verdict.duration is None else str(verdict.duration)
    return str(verdict.executed), duration, str(verdict.processed), str(verdict.stack)


def _table(rows: Sequence[_Row]) -> str:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=True)
    for column in _COLUMNS:
        justify = "right" if column.startswith(">") else "left"
        table.add_column(column.removeprefix(">"), justify=justify, no_wrap=True)  # type: ignore[arg-type]
    for row in rows:
        table.add_row(*row)
    text = io.StringIO()
    width = max(_WIDTH, 80 + max(sum(map(len, row)) for row in rows))
    Console(file=text, highlight=False, markup=False, emoji=False, width=width, color_system=None).print(table)
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


def _totals(reports: Sequence[Report], passed_over: int) -> str:
    verdicts = [verdict for report in reports for verdict in report.verdicts]
    accepted = sum(verdict.outcome is Outcome.ACCEPTED for verdict in verdicts)
    parts = [f"{_counted(len(verdicts), 'program')} in {_counted(len(reports), 'file')}: {accepted} accepted"]
    parts += [f"{len(verdicts) - accepted} not"] if accepted < len(verdicts) else []
    without = sum(
        (report.known > 0 or report.status is not Status.ACCEPTED) and not report.verdicts for report in reports
    )
    parts += [f"{_counted(without, 'file')} without a verdict"] if without else []
    known = sum(report.known for report in reports)
    parts += [f"{_counted(known, 'finding')} in the baseline"] if known else []
    parts += [f"{_counted(passed_over, 'file')} passed over"] if passed_over else []
    return f"{', '.join(parts)}; {sum(report.seconds for report in reports):.2f} s\n"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")
