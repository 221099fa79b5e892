"""How a command ends: what it found in each file, shown in the format that was asked for, and the exit status."""

from __future__ import annotations

import enum
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, TextIO

from syrupc.crash import internal_error, version
from syrupc.diagnostics import Diagnostic
from syrupc.errors import InternalError, SyrupError, UsageError
from syrupc.places import NO_PLACE, Place, in_program, in_source
from syrupc.render import render_github, render_json, render_sarif, render_text
from syrupc.snippet import printable
from syrupc.verifier.verdict import Outcome, ProgramVerdict, Verdict

FORMATS: Final = ("text", "json", "sarif", "github")


class Status(enum.IntEnum):
    """Exit statuses."""

    ACCEPTED = 0
    DIAGNOSTICS = 1
    USAGE = 2
    INTERNAL = 3
    INTERRUPTED = 130
    BROKEN_PIPE = 141


@dataclass(frozen=True, slots=True)
class Finding:
    """A diagnostic with the program it is about (empty for a whole file) and its place in a function."""

    diagnostic: Diagnostic
    program: str = ""
    place: Place = NO_PLACE


@dataclass
class Report:
    """What came of one file. A command fills it while it works; what is in it is shown also when the work fails."""

    path: str
    status: Status = Status.ACCEPTED
    findings: list[Finding] = field(default_factory=list)
    # The text of each source file by the name that spans give it, and where spans of an object (which knows its source
    # by the bare name) name it differently from the user, that name -> the user's.
    sources: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    verdicts: list[ProgramVerdict] = field(default_factory=list)
    # Sentences for people, and those that are told with `-v` only.
    messages: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    # What a run gave, for machines.
    results: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    # How many findings were taken out because a baseline has them.
    known: int = 0

    @property
    def diagnostics(self) -> list[Diagnostic]:
        return [finding.diagnostic for finding in self.findings]

    def judge(self, verdict: Verdict) -> None:
        """Take in the verdict on the file."""
        self.verdicts += verdict.programs
        for program, judged in zip(verdict.object.programs, verdict.programs, strict=True):
            for each in judged.diagnostics:
                found = _renamed(each, self.names)
                line = found.span.line if found.span else 0
                place = self._in_policy(found) or in_program(program, judged.slot, line)
                self.findings.append(Finding(found, judged.program, place))
        if not verdict.accepted:
            self.status = Status.DIAGNOSTICS

    def fail(self, error: SyrupError) -> None:
        """Take in what ended the work."""
        renamed = [_renamed(each, self.names) for each in error.diagnostics]
        self.findings += [Finding(each, "", self._in_policy(each) or NO_PLACE) for each in renamed]
        self.messages.clear()
        match error:
            case UsageError():
                self.status = Status.USAGE
            case InternalError():
                self.status = Status.INTERNAL
            case _:
                self.status = Status.DIAGNOSTICS

    def _in_policy(self, diagnostic: Diagnostic) -> Place | None:
        """The place in a policy file, whose text is known in full."""
        span = diagnostic.span
        if span is None or span.file not in self.names.values():
            return None
        return in_source(self.sources[span.file], span.line)


def _renamed(diagnostic: Diagnostic, names: Mapping[str, str]) -> Diagnostic:
    """The diagnostic with the user's names for files."""
    span = diagnostic.span and replace(diagnostic.span, file=names.get(diagnostic.span.file, diagnostic.span.file))
    labels = tuple(
        replace(each, span=replace(each.span, file=names.get(each.span.file, each.span.file)))
        for each in diagnostic.labels
    )
    return replace(diagnostic, span=span, labels=labels)


def attempt(doing: str, path: str, action: Callable[[Report], None]) -> Report:
    """Run `action` on a file; whatever it raises is in the report. `doing` says what it does, for a crash."""
    report = Report(path)
    begin = time.perf_counter()
    try:
        action(report)
    except SyrupError as error:
        report.fail(error)
    except BrokenPipeError:
        raise
    except Exception as error:  # the one place where nothing may escape
        report.fail(internal_error(error, f"{doing} {path}"))
    report.seconds = time.perf_counter() - begin
    return report


@dataclass(frozen=True)
class Output:
    """Where findings go and how they look. Sentences for people go to `messages`, unless machines read."""

    format: str
    verbose: bool
    color: bool
    findings: TextIO
    messages: TextIO

    def show(self, reports: Sequence[Report], *, closing: str = "", more: Mapping[str, Any] | None = None) -> Status:
        """Show everything, and return the exit status: the worst of all.

        `closing` is for people and comes last; `more` is for JSON.
        """
        diagnostics = [each for report in reports for each in report.diagnostics]
        match self.format:
            case "json":
                self.findings.write(render_json(diagnostics, **_outcomes(reports), **(more or {})))
            case "sarif":
                self.findings.write(render_sarif(diagnostics, tool_version=version()))
            case "github":
                self.findings.write(render_github(diagnostics))
                self.messages.write(closing)
            case _:
                self._text(diagnostics, reports)
                self.messages.write(closing)
        return max(report.status for report in reports)

    def _text(self, diagnostics: Sequence[Diagnostic], reports: Sequence[Report]) -> None:
        sources = {name: text for report in reports for name, text in report.sources.items()}
        self.findings.write(render_text(diagnostics, color=self.color, verbose=self.verbose, sources=sources))
        if self.verbose:
            self.findings.writelines(f"{text}\n" for report in reports for text in report.remarks)
        self.findings.flush()  # both streams keep their order on a terminal
        self.messages.writelines(f"{text}\n" for report in reports for text in report.messages)


def sentence(path: str, verdict: ProgramVerdict) -> str:
    """A verdict as a person reads it."""
    words = printable(f"{path}: {verdict.program}: {verdict.outcome.value}")
    if verdict.outcome is not Outcome.ACCEPTED:
        return words
    about = "" if verdict.duration is None else f", about {verdict.duration} ns,"
    return (
        f"{words}; a run takes at most {verdict.executed} instructions{about} and {verdict.stack} bytes of stack, "
        f"the kernel walks {verdict.processed} to check it"
    )


def _outcomes(reports: Sequence[Report]) -> dict[str, Any]:
    """The verdicts and results of all files, in JSON's terms."""
    verdicts = [
        {
            "file": report.path,
            "program": verdict.program,
            "outcome": verdict.outcome.value,
            "executed": verdict.executed,
            "duration": verdict.duration,
            "processed": verdict.processed,
            "stack": verdict.stack,
        }
        for report in reports
        for verdict in report.verdicts
    ]
    results = [result for report in reports for result in report.results]
    return {"verdicts": verdicts} | ({"results": results} if results else {})
