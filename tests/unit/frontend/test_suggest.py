"""A misspelt name suggests the one that was meant, and one that resembles nothing suggests nothing."""

from __future__ import annotations

import pytest

import syrup
from syrupc.driver import compile_source
from syrupc.frontend.declare import EXPORTS
from syrupc.frontend.source import PolicySource
from syrupc.frontend.suggest import did_you_mean, nearest
from syrupc.options import Options

TYPES = ("u8", "u16", "u32", "u64", "i8", "i16", "i32", "be16", "be32", "be64")


@pytest.mark.parametrize(
    ("meant", "typed"),
    [
        ("u64", "u46"),
        ("u64", "U64"),
        ("u8", "u9"),
        ("u16", "u61"),
        ("be32", "b32"),
        ("i32", "i3"),
        ("i8", "i88"),
    ],
)
def test_a_slip_suggests_what_it_takes_least_to_correct(meant: str, typed: str) -> None:
    assert nearest(typed, TYPES) == meant


@pytest.mark.parametrize("typed", ["x", "request", "float", "serving"])
def test_another_name_suggests_nothing(typed: str) -> None:
    assert nearest(typed, TYPES) is None
    assert did_you_mean(typed, TYPES) == ()


def test_of_two_as_near_the_one_that_begins_alike_is_meant() -> None:
    assert nearest("sort", ["port", "sore"]) == "sore"
    assert nearest("sort", ["sore", "port"]) == "sore"


def test_a_suggestion_is_spelt_as_it_is_to_be_written() -> None:
    assert did_you_mean("rnadom", ["random"], "syrup.{}") == ("did you mean `syrup.random`?",)


def test_nothing_known_suggests_nothing() -> None:
    assert nearest("x", []) is None


@pytest.mark.parametrize("name", sorted(set(syrup.__all__) - EXPORTS))
def test_a_name_for_deploying_may_be_imported_beside_a_policy(name: str) -> None:
    """It is not taken for a slip."""
    header = f"import syrup\nfrom syrup import {name}\n\nthing = syrup.{name}()\n"
    policy = "@syrup.jit\ndef policy(pkt: syrup.Packet) -> syrup.Executor:\n    return 0\n"
    compile_source(PolicySource("policy.py", header + policy), Options())
