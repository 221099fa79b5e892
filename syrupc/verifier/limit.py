"""A limit of one's own on what a run may take, beyond what kernels permit."""

from __future__ import annotations

from dataclasses import replace

from syrupc.objfile.model import Program
from syrupc.verifier.explain import diagnostic
from syrupc.verifier.findings import Finding
from syrupc.verifier.verdict import Outcome, ProgramVerdict, Verdict


def within(verdict: Verdict, most: int) -> Verdict:
    """The verdict, with a finding for each accepted program of which a run may take more than `most` instructions."""
    pairs = zip(verdict.object.programs, verdict.programs, strict=True)
    return replace(verdict, programs=tuple(_within(program, judged, most) for program, judged in pairs))


def _within(program: Program, judged: ProgramVerdict, most: int) -> ProgramVerdict:
    if judged.outcome is not Outcome.ACCEPTED or judged.executed <= most:
        return judged
    message = f"a run may take {judged.executed} instructions, and {most} are permitted"
    finding = Finding("SYR526", Outcome.TOO_COSTLY, message, slot=0)
    return replace(judged, outcome=finding.outcome, diagnostics=(diagnostic(program, finding),), slot=finding.slot)
