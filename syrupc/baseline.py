"""Findings that are accepted for now, kept in a file: a new one fails, and so does one that is gone.

A finding is known by its file, program, code and place relative to its function, so that edits elsewhere leave it as it
is. The file is JSON with one finding a line, sorted, its paths relative to where it lies. Only what the gate finds in a
file can be accepted, never that a file cannot be read, and no fault of this project.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from syrupc.codes import TITLES
from syrupc.diagnostics import Diagnostic, Span
from syrupc.errors import UsageError
from syrupc.files import write_whole
from syrupc.jsonfiles import malformed, parsed, position
from syrupc.report import Finding, Report, Status

_VERSION: Final = 1


@dataclass(frozen=True, slots=True, order=True)
class Known:
    """What tells one finding from another. `line` counts from the function's first; see `Place`."""

    file: str
    function: str
    line: int
    code: str
    program: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A finding as the file has it: how often, in which words, and at which line and column of the file."""

    count: int
    message: str
    place: tuple[int, int] = (1, 1)


@dataclass(frozen=True, slots=True)
class Baseline:
    """The accepted findings of a file; `path` as the user spelt it."""

    path: str
    entries: Mapping[Known, Entry]

    def file(self, path: str) -> str:
        """A path as the baseline names it."""
        return Path(os.path.relpath(os.path.realpath(path), self._folder)).as_posix()

    def stale(self, reports: Sequence[Report]) -> frozenset[str]:
        """The files that the reports tell all of, and those that are there no more."""
        judged = {self.file(each.path) for each in reports if each.status in _JUDGED}
        return frozenset(
            judged | {e.file for e in self.entries if not os.path.exists(os.path.join(self._folder, e.file))}
        )

    @property
    def _folder(self) -> str:
        return os.path.dirname(os.path.realpath(self.path))


_JUDGED: Final = (Status.ACCEPTED, Status.DIAGNOSTICS)


def read(path: str, text: str) -> Baseline:
    """The baseline that the text of a file holds. Raises `UsageError` SYR006 with the place where it is malformed."""
    content = parsed(path, text, "SYR006", "baseline")
    if not isinstance(content, dict) or content.keys() != {"version", "findings"}:
        raise _malformed(path, text, 0, "it is no object with `version` and `findings` alone")
    if content["version"] != _VERSION:
        why = f"the version is {json.dumps(content['version'])[:20]}, and {_VERSION} is what is read here"
        raise _malformed(path, text, text.find('"version"'), why)
    if not isinstance(content["findings"], list):
        raise _malformed(path, text, text.find('"findings"'), "`findings` is no list")
    return Baseline(path, _entries(path, text, content["findings"]))


def accept(baseline: Baseline, reports: Sequence[Report], command: str) -> Report:
    """Take what the baseline has out of the reports, and report what it has and the files have not any more.

    `command` is what writes the baseline anew.
    """
    left = Counter({known: entry.count for known, entry in baseline.entries.items()})
    for report in reports:
        if report.status is Status.DIAGNOSTICS:
            _take_out(baseline, left, report)
    stale = baseline.stale(reports)
    told = Report(baseline.path)
    told.findings = [
        Finding(_gone(baseline.path, known, replace(entry, count=left[known]), command))
        for known, entry in baseline.entries.items()
        if left[known] and known.file in stale
    ]
    told.status = Status.DIAGNOSTICS if told.findings else Status.ACCEPTED
    return told


def update(baseline: Baseline, reports: Sequence[Report]) -> int:
    """Write down the findings of these files, and return how many. What is known of other files stays.

    Raises `UsageError` SYR002 where the file cannot be written.
    """
    found = [
        (_known(baseline, report, each), each.diagnostic.message) for report in reports for each in report.findings
    ]
    counts = Counter(known for known, _ in found)
    stale = baseline.stale(reports)
    kept = {known: entry for known, entry in baseline.entries.items() if known.file not in stale}
    entries = kept | {known: Entry(counts[known], message) for known, message in reversed(found)}
    write_whole(baseline.path, _text(entries).encode())
    return len(found)


def _known(baseline: Baseline, report: Report, finding: Finding) -> Known:
    place = finding.place
    return Known(baseline.file(report.path), place.function, place.line, finding.diagnostic.code, finding.program)


def _take_out(baseline: Baseline, left: Counter[Known], report: Report) -> None:
    remaining = []
    for finding in report.findings:
        known = _known(baseline, report, finding)
        if left[known] > 0:
            left[known] -= 1
            report.known += 1
        else:
            remaining.append(finding)
    report.findings = remaining
    if not remaining:
        report.status = Status.ACCEPTED


def _gone(path: str, known: Known, entry: Entry, command: str) -> Diagnostic:
    where = f"`{known.function}` of `{known.file}`" if known.function else f"`{known.file}`"
    what = "a finding" if entry.count == 1 else f"{entry.count} findings"
    return Diagnostic(
        "SYR007",
        f"{what} in {where} {'is' if entry.count == 1 else 'are'} gone, and still in the baseline: {entry.message}",
        Span(path, *entry.place),
        notes=("as long as it is accepted here, it could come back unseen",),
        help=(f"take it out of the baseline: `{command}`",),
    )


# -- the file --------------------------------------------------------------------------------------------------------

_TYPES: Final = {"file": str, "function": str, "line": int, "code": str, "program": str, "count": int, "message": str}


def _text(entries: Mapping[Known, Entry]) -> str:
    rows = [
        asdict(known) | {"count": entry.count, "message": entry.message} for known, entry in sorted(entries.items())
    ]
    lines = ",\n".join(f"    {_row_text(row)}" for row in rows)
    return f'{{\n  "version": {_VERSION},\n  "findings": [{f"{chr(10)}{lines}{chr(10)}  " if rows else ""}]\n}}\n'


def _row_text(row: Mapping[str, Any]) -> str:
    """One line, as readable as can be: a file's name need not be text."""
    text = json.dumps(row, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(row)


def _entries(path: str, text: str, found: Sequence[object]) -> dict[Known, Entry]:
    entries: dict[Known, Entry] = {}
    for each, offset in zip(found, _offsets(text), strict=True):
        if not isinstance(each, dict) or (why := _wrong(each)):
            raise _malformed(path, text, offset, why if isinstance(each, dict) else "a finding is no object")
        row = dict(each)
        count, message = row.pop("count"), row.pop("message")
        known = Known(**row)
        if known in entries:
            raise _malformed(path, text, offset, "the same finding stands here a second time")
        entries[known] = Entry(count, message, position(text, offset))
    return entries


def _wrong(row: Mapping[str, Any]) -> str:
    """What is wrong with the fields of a finding; empty for nothing."""
    if unknown := sorted(row.keys() - _TYPES.keys()):
        return f"a finding has no `{unknown[0]}`"
    if missing := [name for name in _TYPES if name not in row]:
        return f"the finding lacks `{missing[0]}`"
    for name, kind in _TYPES.items():
        if type(row[name]) is not kind:
            return f"`{name}` is {json.dumps(row[name])[:40]}, which is no {'text' if kind is str else 'number'}"
    if row["code"] not in TITLES:
        return f"`{row['code']}` is no code of a finding"
    return "" if row["count"] > 0 else "`count` is not above zero"


def _offsets(text: str) -> Iterator[int]:
    """Where each of the findings begins in the text, which is known to be JSON."""
    start = re.search(r'(?<!\\)"findings"\s*:\s*\[', text)
    at = start.end() if start else len(text)
    decoder = json.JSONDecoder()
    while (at := _BETWEEN.match(text, at).end()) < len(text) and text[at] != "]":  # type: ignore[union-attr]
        yield at
        _, at = decoder.raw_decode(text, at)


_BETWEEN: Final = re.compile(r"[\s,]*")


def _malformed(path: str, text: str, offset: int, why: str) -> UsageError:
    return malformed("SYR006", "baseline", path, position(text, max(offset, 0)), why)
