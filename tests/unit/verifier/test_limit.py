"""A limit that a team sets: programs of which a run may take more are told."""

from __future__ import annotations

import pytest

from syrupc.isa.assembly import parse_program
from syrupc.kernel.profiles import profile
from syrupc.objfile.model import LineInfo, Object, Program
from syrupc.verifier import Outcome, verify
from syrupc.verifier.limit import within
from syrupc.verifier.verdict import Verdict

LOOP = "r6 = 0\nagain:\nr6 += 1\nif r6 < 10 goto again\nr0 = 1\nexit"
BAD = "r0 = r9\nexit"
LINES = (LineInfo(0, "p.py", 4, 1, "def policy(pkt):"), LineInfo(1, "p.py", 6, 9, "        n += 1"))


def verdict(*texts: str, lines: tuple[LineInfo, ...] = ()) -> Verdict:
    programs = (Program(f"p{n}", "sk_reuseport", parse_program(text), (), (), lines) for n, text in enumerate(texts))
    return verify(Object(b"", tuple(programs), (), "GPL", b"", None), profile("5.15"))


@pytest.mark.parametrize("most", [23, 24, 1_000_000])
def test_what_stays_within_the_limit_is_as_it_was(most: int) -> None:
    found = verdict(LOOP, LOOP)
    assert found.programs[0].executed == 23
    assert within(found, most) == found


def test_what_takes_more_is_a_finding_for_each_program() -> None:
    long, short = within(verdict(LOOP, "r0 = 1\nexit"), 22).programs
    assert (long.outcome, short.outcome) == (Outcome.TOO_COSTLY, Outcome.ACCEPTED)
    (diagnostic,) = long.diagnostics
    assert diagnostic.code == "SYR526"
    assert diagnostic.message == "a run may take 23 instructions, and 22 are permitted (program `p0`)"
    assert diagnostic.help
    assert long.executed == 23


def test_it_stands_where_the_program_begins() -> None:
    (diagnostic,) = within(verdict(LOOP, lines=LINES), 1).diagnostics
    assert diagnostic.span is not None
    assert (diagnostic.span.line, diagnostic.labels) == (4, ())


def test_what_is_wrong_anyway_is_said_as_before() -> None:
    found = verdict(BAD)
    assert within(found, 1) == found
