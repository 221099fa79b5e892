"""Findings told in the terms of the source: where it happened, the branches that led there, what to write."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from syrupc.diagnostics import Diagnostic, Label, Span
from syrupc.objfile.model import LineInfo
from syrupc.verifier.findings import Finding
from syrupc.verifier.state import Turn
from syrupc.verifier.subject import Subject

_MAX_LABELS = 3


def diagnostic(subject: Subject, finding: Finding, turns: Sequence[Turn] = ()) -> Diagnostic:
    """The finding as a user is shown it; the program's name stands in where the object has no line information."""
    place = line_at(subject.lines, finding.slot)
    return Diagnostic(
        code=finding.code,
        message=finding.message if place else f"{finding.message} (program `{subject.name}`)",
        span=span_of(place) if place else None,
        labels=tuple(_labels(subject, place, turns)),
        notes=finding.notes,
        help=finding.help,
        details=_details(subject, finding, turns),
    )


def line_at(lines: Sequence[LineInfo], slot: int) -> LineInfo | None:
    """The source line that the instruction belongs to; code without a line of its own belongs to the one before."""
    index = bisect_right(lines, slot, key=lambda line: line.slot)
    return next((line for line in reversed(lines[:index]) if line.line), None)


def span_of(line: LineInfo) -> Span:
    column = max(line.column, 1)
    end = max(len(line.text.rstrip()) + 1, column + 1)
    return Span(line.file.removeprefix("./"), line.line, column, line.line, end)


def _labels(subject: Subject, place: LineInfo | None, turns: Sequence[Turn]) -> list[Label]:
    """The last branches on the way, one for each line, in the order in which they were gone."""
    found: dict[int, Label] = {}
    for turn in reversed(turns):
        line = line_at(subject.lines, turn.slot)
        if line is None or (place and line.line == place.line) or line.line in found:
            continue
        found[line.line] = Label(span_of(line), "the way here goes through this condition")
        if len(found) == _MAX_LABELS:
            break
    return list(reversed(found.values()))


def _details(subject: Subject, finding: Finding, turns: Sequence[Turn]) -> tuple[str, ...]:
    found = list(finding.details)
    if finding.slot >= 0:
        insn = subject.insns[finding.slot]
        found.append(f"instruction {finding.slot} of `{subject.name}`: {insn.opcode:#04x} r{insn.dst} r{insn.src}")
    if turns:
        way = ", ".join(f"{turn.slot}{'+' if turn.taken else '-'}" for turn in turns[-8:])
        found.append(f"branches on the way (+ taken): {way}")
    return tuple(found)
