"""Constants are evaluated as Python would, without running anything of the file."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syrupc.frontend.constants import NotConstant, evaluate

_SIZES = st.integers(-(1 << 40), 1 << 40)


def _value(text: str) -> object:
    return evaluate(ast.parse(text, mode="eval").body, {"N": 6, "PAIR": (1, 2)}, {"u8": "u8"})


@given(_SIZES, _SIZES, st.sampled_from(("+", "-", "*", "//", "%", "&", "|", "^")))
def test_integers_are_exact(left: int, right: int, operator: str) -> None:
    text = f"({left}) {operator} ({right})"
    if right == 0 and operator in ("//", "%"):
        with pytest.raises(NotConstant, match="division by zero"):
            _value(text)
    else:
        assert eval(text) == _value(text)


@pytest.mark.parametrize(
    "text", ["1 << 100000000000", "2 ** 999999999", "1 << -1", "f()", "x", "1.5", "'a'", "u8(300)", "[1]"]
)
def test_what_has_no_value_is_refused_at_once(text: str) -> None:
    with pytest.raises(NotConstant):
        _value(text)


def test_names_tuples_and_casts_are_known() -> None:
    assert _value("(N, PAIR, u8(255), not 0)") == (6, (1, 2), 255, True)
