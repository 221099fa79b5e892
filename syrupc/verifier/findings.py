"""What a check found, in the terms of the machine, before it is told in the terms of the source."""

from __future__ import annotations

from dataclasses import dataclass

from syrupc.verifier.verdict import Outcome


@dataclass(frozen=True, slots=True)
class Finding:
    """One failed obligation. `message`, `notes`, `help` speak to the author of the source; `details` of registers.

    `slot` is filled in by whoever knows where the check stood; `shown` is the slot whose line
    says it best, where that is another one; `related` are more slots, with what to say of them.
    """

    code: str
    outcome: Outcome
    message: str
    notes: tuple[str, ...] = ()
    help: tuple[str, ...] = ()
    details: tuple[str, ...] = ()
    slot: int = -1
    shown: int = -1
    related: tuple[tuple[int, str], ...] = ()


def unsafe(code: str, message: str, *notes: str, help: str = "", details: str = "") -> Finding:
    """A path does the wrong thing."""
    return _finding(Outcome.UNSAFE, code, message, notes, help, details)


def malformed(reason: str) -> Finding:
    """The fields of the instruction make none, because of `reason`."""
    return unsafe(
        "SYR501",
        "this is no valid instruction",
        reason,
        help="build the object again; if our compiler wrote it, that is a fault of the compiler",
    )


def not_proven(code: str, message: str, *notes: str, help: str = "", details: str = "") -> Finding:
    """A fact that safety needs is missing."""
    return _finding(Outcome.NOT_PROVEN, code, message, notes, help, details)


def too_costly(message: str, *notes: str, help: str = "", details: str = "") -> Finding:
    """Kernels give up on it."""
    return _finding(Outcome.TOO_COSTLY, "SYR516", message, notes, help, details)


def unsupported(what: str, help: str = "", details: str = "") -> Finding:
    """The program uses what is not modelled here; nothing is claimed."""
    return _finding(Outcome.UNSUPPORTED, "SYR519", f"{what} is not modelled by this tool", (), help, details)


def _finding(outcome: Outcome, code: str, message: str, notes: tuple[str, ...], advice: str, details: str) -> Finding:
    return Finding(code, outcome, message, notes, (advice,) if advice else (), (details,) if details else ())
