"""Random changes of programs: jumps and maps stay what they were, and both verdicts agree on what comes out."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Final

import pytest

from syrupc.isa.assembly import parse_program
from syrupc.isa.insn import Insn
from syrupc.isa.opcodes import WIDE
from syrupc.kernel.contexts import CONTEXTS
from syrupc.kernel.profiles import profile
from syrupc.kernel.program_types import BY_NAME
from syrupc.verifier.subject import MapUse, Subject
from tests.mutants.campaign import running
from tests.mutants.corpus import examine_case, read
from tests.mutants.edits import borrowable, edited, spliced
from tests.mutants.tally import Tally

TEXT: Final = """
    if r1 == 0 goto out
    r2 = 1
    r3 = map(0) ll
    call twice
out:
    r0 = 0
    exit
twice:
    r0 = 2
    exit
"""
KERNEL: Final = profile("6.18")
PROGRAMS: Final = 60
MUTANTS: Final = 10


def subject(text: str = TEXT) -> Subject:
    return Subject(
        name="sample",
        insns=parse_program(text),
        type=BY_NAME["xdp"],
        context=CONTEXTS["xdp"],
        helpers=KERNEL.offered["xdp"],
        maps=(),
        uses={2: MapUse(0, None)},
        gpl=True,
        kernel=KERNEL,
    )


@pytest.mark.parametrize(
    ("at", "count", "new", "expected"),
    [
        (1, 0, ("r4 = 4",), TEXT.replace("r2 = 1", "r4 = 4\nr2 = 1")),
        (1, 1, (), TEXT.replace("r2 = 1", "")),
        (1, 1, ("r4 = 4", "r5 = 5"), TEXT.replace("r2 = 1", "r4 = 4\nr5 = 5")),
        (7, 0, ("r4 = 4",), TEXT.replace("r0 = 2", "r4 = 4\nr0 = 2")),
    ],
)
def test_jumps_and_calls_go_where_they_went(at: int, count: int, new: tuple[str, ...], expected: str) -> None:
    insns = tuple(insn for line in new for insn in parse_program(line))
    found = spliced(subject(), at, count, insns)
    assert parse_program(expected) == found.insns
    assert {slot for slot, insn in enumerate(found.insns) if insn.opcode == WIDE} == set(found.uses)


def test_the_same_seed_gives_the_same_mutants_and_another_gives_others() -> None:
    def some(seed: int) -> list[tuple[Insn, ...]]:
        rnd, base = random.Random(seed), subject()
        return [edited(rnd, base, borrowable(base.insns)).insns for _ in range(20)]

    assert some(1) == some(1)
    assert some(1) != some(2)
    assert sum(found != subject().insns for found in some(1)) > 10


def test_what_means_something_else_elsewhere_is_not_borrowed() -> None:
    assert list(parse_program("r2 = 1\nr0 = 0\nexit\nr0 = 2\nexit")) == borrowable(subject().insns)


@pytest.mark.bpf
def test_mutants_of_the_corpus_are_judged_as_the_kernel_judges_them(repository: Path) -> None:
    named = os.environ.get("SYRUP_CORPUS")
    path = (Path(named) if named else repository.parent / "shared" / "corpus") / "kernel_dev.json.xz"
    if not path.is_file():
        pytest.skip("no corpus of kernel programs here (SYRUP_CORPUS names its folder)")
    corpus, total = read(path, running()), Tally()
    for seed in range(PROGRAMS):
        tally, unsound = examine_case(corpus, random.Random(seed), MUTANTS)
        assert not unsound, (unsound[0].case.id, unsound[0].log)
        total.add(tally)
    assert total.accepted > total.mutants // 10
    assert total.imprecise <= total.mutants // 100, total.imprecisely
    assert total.explained >= total.rejected * 0.9, total.unexplained
