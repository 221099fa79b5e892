"""A protection that is taken away is missed: by the kernel, and by us in the same words and at the same line."""

from __future__ import annotations

import random

import pytest

from syrupc.codes import TITLES
from tests.mutants.campaign import examples, running
from tests.mutants.examine import examine
from tests.mutants.reasons import ALL_CODES, codes_of
from tests.mutants.tally import STRICTER, Tally

_MUTANTS = 40
_KINDS = {
    "bounds test",
    "loop bound",
    "null test",
    "offset",
    "register initialisation",
    "stack initialisation",
    "weak bounds test",
}


@pytest.mark.bpf
def test_mutants_of_the_examples_are_judged_as_the_kernel_judges_them() -> None:
    kernel, total = running(), Tally()
    for number, verdict in enumerate(examples(kernel)):
        tally, unsound = examine(verdict, kernel, random.Random(number), _MUTANTS)
        assert not unsound, unsound[0]
        total.add(tally)
    assert total.imprecise == 0, total.imprecisely
    assert total.rejected > total.mutants // 4
    assert total.explained >= total.rejected * 0.95, total.unexplained
    assert set(total.kinds) >= _KINDS


def test_codes_that_are_held_against_the_kernel_exist() -> None:
    assert set(TITLES) >= ALL_CODES | STRICTER


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("R0 invalid mem access 'map_value_or_null'", "SYR505"),
        ("R6 !read_ok", "SYR504"),
        ("invalid access to packet, off=8 size=1, R8(id=0,off=8,r=0)", "SYR503"),
        ("R1 type=scalar expected=ctx", "SYR512"),
        ("infinite loop detected at insn 4", "SYR514"),
    ],
)
def test_the_kernels_words_have_a_code(reason: str, code: str) -> None:
    assert code in codes_of(reason)


def test_words_that_are_not_known_have_no_code() -> None:
    assert codes_of("something new") == frozenset()
