"""One object, many mutants of it: what our verifier and the kernel say of each."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from syrup._sys.fd import Fd
from syrup.loader import load
from syrupc.diagnostics import Diagnostic
from syrupc.errors import LoadError
from syrupc.kernel.profiles import KernelProfile
from syrupc.objfile.model import Object
from syrupc.verifier import verify
from syrupc.verifier.explain import line_at
from syrupc.verifier.verdict import ProgramVerdict, Verdict
from tests.fuzz.patience import ImpatienceError, limited
from tests.mutants.mutations import Mutant, mutants
from tests.mutants.reasons import codes_of
from tests.mutants.tally import Tally

PATIENCE: Final = 15.0
"""Seconds of computing for one verdict; enlarged loops take longest."""
_LAST_WORDS: Final = 6
_SLOT: Final = re.compile(r"^(\d+): \(")


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
    unsound = tally.count(
        mutant.kind, ours, theirs is not None, lambda: _difference(mutant, ours, theirs) if theirs else None
    )
    return theirs if unsound else None


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
