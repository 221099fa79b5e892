"""A verified program that the kernel refuses: what it said, at the policy's own lines."""

from __future__ import annotations

import os
import re
from typing import Final

from syrup import privileges
from syrup._sys.programs import Rejected
from syrupc.diagnostics import Diagnostic, Span
from syrupc.errors import InternalError, LoadError, SyrupError
from syrupc.kernel.host import release_of
from syrupc.kernel.profiles import NAMES
from syrupc.kernel.release import release
from syrupc.objfile.model import Program

_KEPT_LINES: Final = 60
_KERNEL_REFUSES: Final = ("SYR604", "SYR606", "SYR902")
_INSTRUCTION: Final = re.compile(r"^(\d+): \(")
_SUMMARY: Final = re.compile(r"^(processed \d+ insns|verification time|stack depth|mark_precise)")


def explain(program: Program, refused: Rejected, waiver: str | None) -> SyrupError:
    """The error to raise: the user's where a waiver or a missing privilege explains it, ours otherwise."""
    place, reason, log = read_log(program, refused.log)
    details = tuple(log)
    if waiver is not None:
        notes = (f"the kernel says: {reason}", f"its verdict was waived: {waiver}")
        return LoadError(_diagnostic("SYR604", program, place, notes, (), details))
    if privileges.is_limited():
        help_ = ("give the process CAP_PERFMON: without it the kernel adds rules against side channels",)
        return LoadError(_diagnostic("SYR604", program, place, (f"the kernel says: {reason}",), help_, details))
    help_ = ("report it with the policy and the output of the same command with `-v`",)
    notes = (f"the kernel says: {reason}", "the pre-verifier accepted this program: one of the two is wrong")
    return InternalError(_diagnostic("SYR902", program, place, notes, help_, details))


def explain_age(compiled_for: str, error: SyrupError) -> SyrupError:
    """The error to raise where what was compiled for some kernel does not load: another one if this kernel is older."""
    running = os.uname().release
    first = error.diagnostics[0]
    if first.code not in _KERNEL_REFUSES or release_of(compiled_for) <= release_of(running):
        return error
    nearest = max((name for name in NAMES if release(name) <= release_of(running)), key=release, default=NAMES[0])
    return LoadError(
        Diagnostic(
            "SYR602",
            f"this is Linux {running}, and the object was compiled for Linux {compiled_for}",
            first.span,
            notes=(first.message, *first.notes),
            help=(f'compile for the oldest kernel that must take it: `kernel="{nearest}"`, or `--kernel {nearest}`',),
            details=first.details,
        )
    )


def read_log(program: Program, log: str) -> tuple[Span | None, str, list[str]]:
    """Where the kernel stopped, its last words, and the end of its log."""
    lines = [line for line in log.splitlines() if line.strip()]
    slot = max((i for i in range(len(lines)) if _INSTRUCTION.match(lines[i])), default=None)
    spoken = [line for line in lines if not _SUMMARY.match(line)]
    reason = spoken[-1].strip() if spoken else "nothing"
    place = None if slot is None else _place(program, int(lines[slot].partition(":")[0]))
    cut = [f"... {len(lines) - _KEPT_LINES} lines before"] if len(lines) > _KEPT_LINES else []
    return place, reason, cut + lines[-_KEPT_LINES:]


def _place(program: Program, slot: int) -> Span | None:
    line = max((line for line in program.lines if line.slot <= slot), key=lambda line: line.slot, default=None)
    return None if line is None else Span(line.file, line.line, max(line.column, 1))


def _diagnostic(
    code: str,
    program: Program,
    place: Span | None,
    notes: tuple[str, ...],
    help_: tuple[str, ...],
    details: tuple[str, ...],
) -> Diagnostic:
    message = f"the kernel does not accept the program `{program.name}`"
    return Diagnostic(code, message, place, notes=notes, help=help_, details=details)
