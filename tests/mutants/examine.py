"""One object, many mutants of it: what our verifier and the kernel say of each."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from syrup._sys.fd import Fd
from syrup.loader import load
from syrupc.diagnostics import Diagnostic
from syrupc.errors import LoadError
from syrupc.kernel.profiles import KernelProfile
from syrupc.objfile.model import Object
from syrupc.verifier import verify
from syrupc.verifier.explain import line_at
from syrupc.verifier.verdict import Outcome, ProgramVerdict, Verdict
from tests.fuzz.patience import ImpatienceError, limited
from tests.mutants.mutations import Mutant, mutants
from tests.mutants.reasons import codes_of

PATIENCE: Final = 15.0
"""Seconds of computing for one verdict; enlarged loops take longest."""
_LAST_WORDS: Final = 6
STRICTER: Final = frozenset({"SYR513", "SYR525"})
"""What this kernel leaves to the program: the result of a socket program, and what its policy is said to decide."""
_SLOT: Final = re.compile(r"^(\d+): \(")


@dataclass
class Tally:
    """Counts over mutants. `explained` of `rejected` name what the kernel names, at the line where it stopped.

    `unsound` are accepted here and rejected by the kernel: none is to be. `imprecise` are the reverse; those that are
    `stricter` break a rule of the hook that this kernel leaves to the program.
    """

    objects: int = 0
    mutants: int = 0
    accepted: int = 0
    rejected: int = 0
    explained: int = 0
    unsound: int = 0
    stricter: int = 0
    imprecise: int = 0
    no_verdict: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    unexplained: Counter[str] = field(default_factory=Counter)
    imprecisely: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        for name, value in vars(other).items():
            mine = getattr(self, name)
            if isinstance(mine, Counter):
                mine.update(value)
            else:
                setattr(self, name, mine + value)


@dataclass(frozen=True, slots=True)
class Unsound:
    """A mutant that we accept and the kernel rejects."""

    mutant: Mutant
    object: Object
    log: str


@contextmanager
def maps_of(verdict: Verdict) -> Iterator[Mapping[str, Fd]]:
    """The maps of an accepted object, for all its mutants."""
    with load(verdict.require()) as loaded:
        yield dict(loaded.descriptors)


def examine(verdict: Verdict, kernel: KernelProfile, rnd: random.Random, most: int) -> tuple[Tally, list[Unsound]]:
    """Judge and load at most so many mutants of each program of an accepted object."""
    tally, unsound = Tally(objects=1), list[Unsound]()
    with maps_of(verdict) as maps:
        for program in verdict.object.programs:
            for mutant in mutants(rnd, program, most):
                obj = replace(verdict.object, programs=(mutant.program,))
                refused = _examine(mutant, obj, maps, kernel, tally)
                if refused is not None:
                    unsound.append(Unsound(mutant, obj, "\n".join((*refused.notes, *refused.details))))
    return tally, unsound


def _examine(
    mutant: Mutant, obj: Object, maps: Mapping[str, Fd], kernel: KernelProfile, tally: Tally
) -> Diagnostic | None:
    """Count one mutant; what the kernel says, if that is what must not be."""
    tally.mutants += 1
    tally.kinds[mutant.kind] += 1
    try:
        with limited(PATIENCE):
            verdict = verify(obj, kernel)
    except ImpatienceError:
        tally.no_verdict += 1
        return None
    (ours,) = verdict.programs
    theirs = _refusal(verdict, maps)
    match ours.outcome is Outcome.ACCEPTED, theirs:
        case True, None:
            tally.accepted += 1
        case True, refused:
            tally.unsound += 1
            return refused
        case False, None if ours.diagnostics[0].code in STRICTER:
            tally.stricter += 1
        case False, None:
            tally.imprecise += 1
            tally.imprecisely[f"{mutant.kind}: {ours.diagnostics[0].code}"] += 1
        case False, Diagnostic() as refused:
            tally.rejected += 1
            difference = _difference(mutant, ours, refused)
            tally.explained += difference is None
            if difference:
                tally.unexplained[f"{mutant.kind}: {difference}"] += 1
    return None


def _refusal(verdict: Verdict, maps: Mapping[str, Fd]) -> Diagnostic | None:
    try:
        load(verdict.waive("a mutant"), maps=maps).close()
    except LoadError as error:
        return error.diagnostics[0]
    return None


def _difference(mutant: Mutant, ours: ProgramVerdict, theirs: Diagnostic) -> str | None:
    """How our explanation differs from the kernel's: in what is wrong, or in the line where it is wrong."""
    said = [theirs.notes[0].removeprefix("the kernel says: "), *theirs.details[-_LAST_WORDS:]]
    reason = next((line for line in said if codes_of(line)), said[0])
    code = ours.diagnostics[0].code
    wanted = codes_of(reason)
    if code not in wanted:
        return f"{code} where the kernel says: {re.sub(r'[0-9]+', 'N', reason)[:90]}"
    slot = next((int(found[1]) for line in reversed(theirs.details) if (found := _SLOT.match(line))), -1)
    here, there = (line_at(mutant.program.lines, at) for at in (ours.slot, slot))
    if slot >= 0 and ours.slot >= 0 and here and there and here.line != there.line:
        return f"{code} at another line"
    return None
