"""Random mutants of the programs of a corpus: our verdict and the running kernel's on each."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from syrupc.isa.insn import Insn
from syrupc.kernel.profiles import KernelProfile
from syrupc.verifier.corpus import read_corpus, subject_of_case
from syrupc.verifier.gate import judge
from syrupc.verifier.subject import Subject
from syrupc.verifier.verdict import ProgramVerdict
from tests.asking import Host, NoMapError, Refusal, host
from tests.fuzz.patience import ImpatienceError, limited
from tests.mutants.edits import borrowable, edited
from tests.mutants.examine import PATIENCE
from tests.mutants.reasons import codes_of
from tests.mutants.tally import Tally

_LONGEST: Final = 500
"""Slots of the longest program that is taken: random changes of longer ones rarely matter."""
_KIND: Final = "edit"


@dataclass(frozen=True, slots=True)
class Case:
    """A program of the corpus, and the flags that it is loaded with."""

    id: str
    subject: Subject
    flags: int


@dataclass(frozen=True, slots=True)
class Found:
    """A mutant that we accept and the kernel refuses."""

    case: Case
    subject: Subject
    log: str


@dataclass(frozen=True, slots=True)
class Corpus:
    """Programs to change, and instructions to put into them."""

    cases: Sequence[Case]
    pool: Sequence[Insn]


def read(path: Path, kernel: KernelProfile) -> Corpus:
    """The programs of the file that are modelled and not long."""
    judged = ((raw, subject_of_case(raw, kernel)) for raw in read_corpus(path))
    cases = [
        Case(raw["id"], subject, raw["prog_flags"])
        for raw, subject in judged
        if subject and len(subject.insns) <= _LONGEST
    ]
    return Corpus(cases, [insn for case in cases for insn in borrowable(case.subject.insns)])


def examine_case(corpus: Corpus, rnd: random.Random, most: int) -> tuple[Tally, list[Found]]:
    """Judge and load so many mutants of one program; none where this kernel does not make its maps."""
    case, tally, found = rnd.choice(corpus.cases), Tally(objects=1), list[Found]()
    try:
        with host(case.subject.maps, case.subject.inner) as maps:
            for _ in range(most):
                mutant = edited(rnd, case.subject, corpus.pool)
                refused = _examine(mutant, case.flags, maps, tally)
                if refused:
                    found.append(Found(case, mutant, refused.log))
    except NoMapError:
        tally.no_verdict += most
    return tally, found


def _examine(mutant: Subject, flags: int, maps: Host, tally: Tally) -> Refusal | None:
    """Count one mutant; what the kernel says, if that is what must not be."""
    tally.mutants += 1
    tally.kinds[_KIND] += 1
    try:
        with limited(PATIENCE):
            ours = judge(mutant)
    except ImpatienceError:
        tally.no_verdict += 1
        return None
    theirs = maps.refusal(mutant, flags)
    unsound = tally.count(_KIND, ours, theirs is not None, lambda: _difference(ours, theirs) if theirs else None)
    return theirs if unsound else None


def _difference(ours: ProgramVerdict, theirs: Refusal) -> str | None:
    """How the explanations differ: in what is wrong, or in the instruction that is wrong."""
    reason = next((line for line in theirs.words if codes_of(line)), theirs.words[0])
    code = ours.diagnostics[0].code
    if code not in codes_of(reason):
        return f"{code} where the kernel says: {re.sub(r'[0-9]+', 'N', reason)[:90]}"
    at = re.findall(r"(?m)^(\d+): \(", theirs.log)
    return f"{code} at another instruction" if at and ours.slot >= 0 and int(at[-1]) != ours.slot else None
