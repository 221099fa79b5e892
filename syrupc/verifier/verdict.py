"""What the pre-verifier says of an object, and the only ways from there to a loadable one."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from syrupc.diagnostics import Diagnostic
from syrupc.errors import VerificationError
from syrupc.objfile.model import Cost, Object


class Outcome(enum.Enum):
    ACCEPTED = "accepted"
    UNSAFE = "unsafe"
    """A path does the wrong thing; the path is shown."""
    NOT_PROVEN = "not proven"
    """A fact that safety needs is missing; the fact is named."""
    TOO_COSTLY = "too costly"
    """Safe perhaps, but beyond what kernels are willing to walk."""
    UNSUPPORTED = "unsupported"
    """The program uses what this tool does not model."""


@dataclass(frozen=True, slots=True)
class ProgramVerdict:
    """The verdict on one program. `executed` bounds the instructions one run executes, `duration` estimates the longest
    run in ns (see `syrupc.kernel.costs`; None where something in it was never measured), `processed` counts what the
    kernel's verifier will walk, `stack` is the deepest use in bytes over all call chains. `slot` is the instruction
    that the first diagnostic is about, -1 where there is none."""

    program: str
    outcome: Outcome
    diagnostics: tuple[Diagnostic, ...] = ()
    executed: int = 0
    duration: int | None = None
    processed: int = 0
    stack: int = 0
    slot: int = -1


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on an object, for a kernel profile (by name)."""

    object: Object
    profile: str
    programs: tuple[ProgramVerdict, ...]

    @property
    def accepted(self) -> bool:
        return all(p.outcome is Outcome.ACCEPTED for p in self.programs)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return tuple(d for p in self.programs for d in p.diagnostics)

    def cost_of(self, program: str) -> Cost | None:
        """What a run of the program takes at most, if it is accepted."""
        accepted = (p for p in self.programs if p.program == program and p.outcome is Outcome.ACCEPTED)
        return next((Cost(p.executed, p.duration) for p in accepted), None)

    def require(self) -> VerifiedObject:
        """The object, if every program in it is accepted; raises `VerificationError` otherwise."""
        if not self.accepted:
            raise VerificationError(self.diagnostics)
        return VerifiedObject(self.object, self, None)

    def waive(self, reason: str) -> VerifiedObject:
        """The object in spite of the verdict. The reason stays with it, and every tool shows it."""
        if not reason.strip():
            raise ValueError("a waiver needs a reason")
        return VerifiedObject(self.object, self, reason)


@dataclass(frozen=True, slots=True)
class VerifiedObject:
    """An object with the verdict that lets it be loaded. Made by `Verdict.require` or `Verdict.waive` only."""

    object: Object
    verdict: Verdict
    waiver: str | None
