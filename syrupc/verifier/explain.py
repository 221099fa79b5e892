"""Findings told in the terms of the source: where it happened, the branches that led there, what to write."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from syrupc.diagnostics import Diagnostic, Label, Span
from syrupc.objfile.model import LineInfo, Program
from syrupc.verifier.findings import Finding
from syrupc.verifier.state import Turn
from syrupc.verifier.subject import Subject

_MAX_LABELS = 3


def diagnostic(subject: Subject | Program, finding: Finding, turns: Sequence[Turn] = ()) -> Diagnostic:
    """The finding as a user is shown it; the program's name stands in where the object has no line information."""
    place = line_at(subject.lines, finding.slot if finding.shown < 0 else finding.shown)
    return Diagnostic(
        code=finding.code,
        message=finding.message if place else f"{finding.message} (program `{subject.name}`)",
        span=span_of(place) if place else None,
        labels=tuple(_related(subject, finding) or _labels(subject, place, turns)),
        notes=finding.notes,
        help=finding.help or _REMEDIES.get(finding.code, ()),
        details=_details(subject, finding, turns),
    )


_REBUILD: Final = ("build the object again; if our compiler wrote it, report that: it is a fault of the compiler",)
_REMEDIES: Final = {
    "SYR501": _REBUILD,
    "SYR502": _REBUILD,
    "SYR504": ("give it a value on every path before it is used",),
    "SYR505": ("test it first: `if ref is None: return PASS`",),
    "SYR506": ("leave early where the index is too large: `if index >= N: return PASS`",),
    "SYR507": ("keep locals small, and index them with a number that was compared with their length",),
    "SYR508": ("read a field that the hook has, in its own width",),
    "SYR509": ("read and write through the packet, a map or a struct only",),
    "SYR510": ("add or subtract a number that was compared with a constant first",),
    "SYR511": ("use what the hook offers; `syrupc explain SYR511` says where to look it up",),
    "SYR512": ("give the helper what it asks for; a bound check just before the call shows that it fits",),
    "SYR516": ("make the program smaller, or its loops shorter",),
    "SYR517": ("call fewer functions from within functions",),
    "SYR518": ("declare a map of a type that fits its use",),
    "SYR520": ("remove the code, or the condition that keeps it from running",),
    "SYR522": ("stay inside the memory: compare the index with its size first",),
    "SYR523": ("give it back on every path, also on those that leave early",),
    "SYR524": ("access it at a multiple of the width",),
    "SYR525": ("compile the policy again; if the object is as our compiler wrote it, report that",),
    "SYR526": ("let loops end sooner: a smaller `range`, `break` where the answer is known; look up less on the way",),
}
"""What to do where the check itself has nothing better to say."""


def line_at(lines: Sequence[LineInfo], slot: int) -> LineInfo | None:
    """The source line that the instruction belongs to; code without a line of its own belongs to the one before."""
    index = bisect_right(lines, slot, key=lambda line: line.slot)
    return next((line for line in reversed(lines[:index]) if line.line), None)


def span_of(line: LineInfo) -> Span:
    column = max(line.column, 1)
    end = max(len(line.text.rstrip()) + 1, column + 1)
    return Span(line.file.removeprefix("./"), line.line, column, line.line, end)


def _related(subject: Subject | Program, finding: Finding) -> list[Label]:
    places = [(line_at(subject.lines, slot), message) for slot, message in finding.related]
    return [Label(span_of(place), message) for place, message in places if place]


def _labels(subject: Subject | Program, place: LineInfo | None, turns: Sequence[Turn]) -> list[Label]:
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


def _details(subject: Subject | Program, finding: Finding, turns: Sequence[Turn]) -> tuple[str, ...]:
    found = list(finding.details)
    if finding.slot >= 0:
        insn = subject.insns[finding.slot]
        found.append(f"instruction {finding.slot} of `{subject.name}`: {insn.opcode:#04x} r{insn.dst} r{insn.src}")
    if turns:
        way = ", ".join(f"{turn.slot}{'+' if turn.taken else '-'}" for turn in turns[-8:])
        found.append(f"branches on the way (+ taken): {way}")
    return tuple(found)
