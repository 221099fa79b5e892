"""One program, all ways: whether it compiles, whether the kernel takes it, and whether all ways agree."""

from __future__ import annotations

import re
import traceback
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from syrupc.driver import judge
from syrupc.errors import CompileError, InternalError, KernelError, SyrupError
from syrupc.frontend.source import PolicySource
from syrupc.kernel.release import release
from syrupc.options import Options
from syrupc.spec import DROP, PASS
from syrupc.verifier.verdict import Outcome, Verdict, VerifiedObject
from tests.fuzz.patience import ImpatienceError, limited
from tests.fuzz.reference import FILE, EndlessError
from tests.fuzz.sample import Program
from tests.fuzz.statements import EXECUTORS
from tests.fuzz.ways import Interpreter, Observed, Place, Python, Way, without_world

if TYPE_CHECKING:
    from tests.fuzz.kernel import Bench


_PATIENCE: Final = 1.5
"""Seconds of computing for a compilation; what takes longer counts as too costly, which it mostly is."""

_SLOW: Final = "no verdict"
_STACK: Final = "SYR302"

# What the generator does not look out for: `m[k] += m.fetch_add(k, 1)`.
_NOT_ATOMIC: Final = "a value that changes the map it is put into"


@dataclass(frozen=True, slots=True)
class Find:
    """Something that must not be. `what` names it without the particulars of the program, `details` are these.

    It was `asked` for, or met before.
    """

    what: str
    details: str
    asked: bool = False


@dataclass
class Examination:
    """What came of a program: `rejected` names the codes, if it did not compile or is too costly."""

    rejected: frozenset[str] = frozenset()
    costly: bool = False
    find: Find | None = None
    outcomes: Counter[str] = field(default_factory=Counter)


def examine(program: Program, bench: Bench | None, *, typed: bool = True) -> Examination:
    """Compile a program and ask it all ways. With `typed` it must compile."""
    done = Examination()
    try:
        _examine(program, bench, done, typed)
    except Exception as error:
        done.find = _failure(error)
    return done


def _examine(program: Program, bench: Bench | None, done: Examination, typed: bool) -> None:
    place = bench.place if bench else Place()
    compiled: list[VerifiedObject] = []
    for kernel in program.kernels:
        verified = _compiled(program, kernel, done, typed)
        if verified is None:
            return
        compiled.append(verified)
    with ExitStack() as stack:
        ways: list[Way] = [Interpreter(verified, program, place) for verified in compiled]
        if bench and bench.takes(program.kernels[-1]):
            in_kernel = _loaded(program, compiled[-1], bench, done)
            if in_kernel is None:
                return
            stack.callback(in_kernel.close)
            ways.append(in_kernel)
        _ask(program, Python(program, place), ways, done)


def _compiled(program: Program, kernel: str, done: Examination, typed: bool) -> VerifiedObject | None:
    """The program, or None where it is rejected, with the reason in `done`."""
    try:
        with limited(_PATIENCE):
            verdict = judge(PolicySource(FILE, program.text), Options(kernel=kernel, max_executors=EXECUTORS))
    except ImpatienceError:
        done.rejected, done.costly = frozenset((_SLOW,)), True
        return None
    except CompileError as error:
        done.rejected = frozenset(d.code for d in error.diagnostics)
        done.costly = done.rejected == {_STACK}
        if typed and not done.costly and any(_NOT_ATOMIC not in d.message for d in error.diagnostics):
            done.find = Find(_titled("rejected", error), f"for {kernel}: {error}")
        return None
    if verdict.accepted:
        return verdict.require()
    done.rejected = frozenset(d.code for d in verdict.diagnostics)
    done.costly = all(p.outcome in (Outcome.ACCEPTED, Outcome.TOO_COSTLY) for p in verdict.programs)
    if not done.costly and not _takes_for_endless(verdict) and _ends(program):
        error = SyrupError(verdict.diagnostics)
        done.find = Find(_titled("not proven", error), f"for {kernel}: {error}")
    return None


def _takes_for_endless(verdict: Verdict) -> bool:
    """Kernels before 6.7 take a loop for endless where what changes does not matter to them."""
    return {d.code for d in verdict.diagnostics} == {"SYR514"} and release(verdict.profile) < release("6.7")


def _ends(program: Program) -> bool:
    """Whether the policies end on what they are asked: one that loops for ever is rejected for a reason."""
    python = Python(program, Place())
    try:
        for ask in program.asks:
            python.ask(ask)
    except EndlessError:
        return False
    return True


def _loaded(program: Program, verified: VerifiedObject, bench: Bench, done: Examination) -> Way | None:
    from tests.fuzz.kernel import Kernel

    for_kernel = without_world(program)
    if for_kernel is not program:
        again = _compiled(for_kernel, verified.verdict.profile, done, typed=True)
        if again is None:
            return None
        verified = again
    return Kernel(verified, for_kernel, bench)


def _ask(program: Program, python: Python, ways: Sequence[Way], done: Examination) -> None:
    for number, ask in enumerate(program.asks):
        expected = python.ask(ask)
        done.outcomes[_named(expected)] += 1
        for way in ways:
            found = way.ask(ask)
            if not found.agrees(expected):
                done.find = _difference(number, way, expected, found)
                return


def _named(observed: Observed) -> str:
    if observed.fault:
        return observed.fault[0].value
    return {PASS: "PASS", DROP: "DROP"}.get(observed.decision, "executor")


def _difference(number: int, way: Way, expected: Observed, found: Observed) -> Find:
    if expected.decision != found.decision or expected.fault != found.fault:
        what = f"fault {_named(expected)} is {_named(found)}" if expected.fault or found.fault else "another decision"
    else:
        what = "other map contents" if expected.maps != found.maps else "other lines traced"
    details = f"question {number + 1}\n  Python: {expected}\n  {way.name}: {found}"
    return Find(f"{way.name.partition(',')[0]}: {what}", details, asked=True)


def _failure(error: Exception) -> Find:
    """An error that no program may cause."""
    if isinstance(error, InternalError | KernelError):
        return Find(_titled("fault of ours", error), str(error) + "\n" + _details(error))
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].name}" if frames else ""
    return Find(f"{type(error).__name__} in {where}", "".join(traceback.format_exception(error)))


def _titled(what: str, error: SyrupError) -> str:
    first = error.diagnostics[0]
    return f"{what}: {first.code} {re.sub(r'`[^`]*`|-?[0-9]+', '…', first.message)}"


def _details(error: SyrupError) -> str:
    return "\n".join(line for d in error.diagnostics for line in (*d.notes, *d.details))
