"""The policies in C: each decides, stores and counts as the compiled policy in Python does, on every input."""

from dataclasses import replace

import pytest

from benchmarks.against_c import MEAN, table
from benchmarks.clang import SOURCES, Form, find_clang
from benchmarks.contenders import KERNELS, OURS, contenders, executed
from benchmarks.inputs import CASES
from benchmarks.measure import EXAMPLES, Figure
from syrupc.kernel.profiles import profile
from syrupc.verifier.gate import verify

with_clang = pytest.mark.skipif(find_clang() is None, reason="clang is not installed")


def test_every_example_is_there_in_c_and_has_inputs() -> None:
    assert sorted(path.stem for path in SOURCES.glob("*.c")) == sorted(EXAMPLES) == sorted(CASES)
    assert all(any(not case.rare for case in cases) for cases in CASES.values())


@with_clang
@pytest.mark.parametrize("cpu", KERNELS)
@pytest.mark.parametrize("name", EXAMPLES)
def test_c_and_python_decide_store_and_count_alike(name: str, cpu: str) -> None:
    programs = contenders(name, cpu)

    for case in CASES[name]:
        taken = executed(programs, case)  # asserts that all are equal
        assert sorted(taken) == sorted([OURS, *(form.name for form in Form)])
        assert taken[Form.BARE.name] < taken[Form.COUNTING.name]


@with_clang
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_policies_in_c_are_proven_for_the_kernels_that_ours_are_compiled_for(name: str) -> None:
    for cpu, kernel in KERNELS.items():
        for each in contenders(name, cpu).values():
            assert verify(each.obj, profile(kernel)).diagnostics == ()


@with_clang
def test_a_difference_ends_the_comparison() -> None:
    programs = contenders("round_robin", "v4")
    other = contenders("flow_hash", "v4")[Form.BARE.name]
    disguised = replace(other, declared=())

    with pytest.raises(AssertionError, match=r"flow_hash, any request, BARE: decides"):
        executed({OURS: programs[OURS], "BARE": disguised}, CASES["round_robin"][0])


def test_the_table_has_a_row_for_each_policy_and_marks_what_is_too_much() -> None:
    name = "sita, instructions, v3"
    figures = [
        Figure(f"{name}, {OURS}", "", 39.5, 33, 46, 2),
        Figure(f"{name}, {Form.COUNTING.name}", "", 20.0, 18, 22, 2),
        Figure(f"{name}, {OURS} to {Form.COUNTING.name}", "x", 1.975, 1.9, 2.0, 2, at_most=1.25),
    ]

    shown = table("a title", figures)

    rows = list(zip(*(column.cells for column in shown.columns), strict=True))
    assert [row[0] for row in rows] == [*CASES, MEAN]
    assert rows[list(CASES).index("sita")][1:5] == ("39.5", "20.0", "[red]1.98[/red]", "")
