"""Comparisons keep nothing of one number that another would be taken for."""

from __future__ import annotations

from syrupc.isa import opcodes as op
from syrupc.kernel.reasoning import reasoning
from syrupc.verifier import compare
from syrupc.verifier.domains import UNKNOWN, const, unsigned

NEWEST = reasoning((6, 18))


def test_what_is_left_where_nothing_can_be_does_not_decide_for_a_number_of_which_nothing_is_known() -> None:
    contradictory = unsigned(8)._replace(umin=300)
    left, _ = compare.refine(op.JGT, True, contradictory, const(5), 64, NEWEST)
    assert left == UNKNOWN
    compare.refine(op.JNE, True, left, unsigned(16), 64, NEWEST)
    assert compare.decide(op.JNE, UNKNOWN, unsigned(16), 64, NEWEST) is None
