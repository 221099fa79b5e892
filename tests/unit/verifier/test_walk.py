"""The walk: every path counts, equal ones once; loops end or are said not to; the count is what kernels count."""

from __future__ import annotations

import pytest

from syrupc.verifier.subject import Conditions
from syrupc.verifier.verdict import Outcome
from tests.unit.verifier.judging import LOOK_UP, code, verdict


def loop(turns: int, body: str = "", end: str = "<") -> str:
    return f"r6 = 0\nagain:\n{body}\nr6 += 1\nif r6 {end} {turns} goto again\nr0 = 0\nexit"


def test_straight_code_is_executed_and_processed_once() -> None:
    found = verdict("r0 = 0\nr0 += 1\nexit")
    assert (found.executed, found.processed) == (3, 3)


def test_the_longest_path_bounds_a_run_and_all_paths_are_processed() -> None:
    text = "call 7\nif r0 > 5 goto long\nr0 = 0\nexit\nlong:\nr0 = 1\nr0 += 1\nr0 += 1\nexit"
    found = verdict(text)
    assert (found.executed, found.processed) == (6, 8)


def test_paths_that_differ_in_nothing_that_matters_are_walked_once() -> None:
    branch = "call 7\nif r0 > 5 goto +1\nr6 += 1\n"
    walked = [verdict("r6 = 0\n" + branch * count + "r0 = r6\nexit") for count in (10, 20)]
    assert all(found.outcome is Outcome.ACCEPTED for found in walked)
    assert walked[1].processed < 3 * walked[0].processed
    assert walked[1].executed == 3 * 20 + 3


def test_paths_that_differ_in_what_matters_later_are_all_walked() -> None:
    branch = "call 7\nif r0 > 5 goto +1\nr6 += 8\n"
    use = f"{LOOK_UP}if r0 == 0 goto out\nr0 += r6\nr0 = *(u8 *)(r0 + 0)\nout:\nr0 = 0\nexit"
    assert code("r6 = 0\n" + branch + use) is None
    assert code("r6 = 0\n" + branch * 2 + use) == "SYR506"


def test_what_matters_is_remembered_through_the_stack_and_through_functions() -> None:
    choose = "r6 = 0\ncall 7\nif r0 > 5 goto +1\nr6 = 99\n"
    spill = "*(u64 *)(r10 - 16) = r6\nr1 = 0\ncall 5\nif r0 > 7 goto +0\nif r0 > 8 goto +0\nr0 = 1\nr0 = 2\nr0 = 3\n"
    through_stack = f"{choose}{spill}{LOOK_UP}if r0 == 0 goto out\nr7 = *(u64 *)(r10 - 16)\nr0 += r7\n"
    assert code(through_stack + "r0 = *(u8 *)(r0 + 0)\nout:\nr0 = 0\nexit") == "SYR506"
    function = f"{choose}r1 = r6\ncall same\nr6 = r0\n{LOOK_UP}if r0 == 0 goto out\nr0 += r6\nr0 = *(u8 *)(r0 + 0)\n"
    function += "out:\nr0 = 0\nexit\nsame:\nr0 = r1\nexit"
    assert code(function) == "SYR506"


def test_a_result_that_differs_between_paths_is_checked_on_each() -> None:
    text = "r6 = 1\ncall 7\nif r0 > 5 goto +1\nr6 = 7\n" + "call 7\nif r0 > 3 goto +0\n" * 4 + "r0 = r6\nexit"
    assert code(text, "sk_reuseport") == "SYR513"
    assert code(text.replace("r6 = 7", "r6 = 0"), "sk_reuseport") is None


# -- loops -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turns", [1, 10, 1000, 20_000])
def test_a_counted_loop_is_accepted_and_its_turns_are_counted(turns: int) -> None:
    found = verdict(loop(turns))
    assert found.outcome is Outcome.ACCEPTED
    assert found.executed == 2 * turns + 3


def test_a_loop_in_which_nothing_changes_never_ends() -> None:
    assert code("r6 = 0\nagain:\nr0 = 0\nif r6 == 0 goto again\nexit") == "SYR514"


@pytest.mark.parametrize(
    "text",
    [
        loop(0, end="!="),
        loop(2_000_000),
        loop(0x7FFFFFFF, end="s<"),
        "r6 = 0\nagain:\nr6 += 2\nif r6 != 7 goto again\nr0 = 0\nexit",
        "r6 = 0\nr7 = 5\nagain:\nr6 += 1\nr7 += 3\n*(u64 *)(r10 - 8) = r6\nif r7 > 2 goto again\nr0 = 0\nexit",
    ],
)
def test_a_loop_beyond_the_budget_is_told_early(text: str) -> None:
    found = verdict(text)
    assert found.outcome is Outcome.TOO_COSTLY
    assert found.diagnostics[0].code == "SYR516"
    assert found.processed < 20_000


def test_a_loop_with_an_open_branch_on_every_turn_is_told_early() -> None:
    text = "r7 = r1\nr6 = 0\nagain:\nr0 = *(u32 *)(r7 + 0)\nif r0 == 5 goto out\nr6 += 1\n"
    text += "if r6 < 100000 goto again\nout:\nr0 = r6\nexit"
    found = verdict(text)
    assert found.outcome is Outcome.TOO_COSTLY
    assert "branches are open" in found.diagnostics[0].notes[0]
    assert found.processed < 20_000


def test_a_loop_that_leaves_its_array_is_told_for_that() -> None:
    text = f"r8 = 0\n{LOOK_UP}if r0 == 0 goto out\nr6 = r0\nagain:\nr2 = r6\nr2 += r8\n*(u8 *)(r2 + 0) = 0\nr8 += 1\n"
    assert code(text + "goto again\nout:\nr0 = 0\nexit") == "SYR506"
    assert code(text + "if r8 < 16 goto again\nout:\nr0 = 0\nexit") is None


def test_states_may_be_compared_at_every_meeting_as_kernels_do_for_tests() -> None:
    text = loop(100, "call 7\nif r0 == 0 goto +0")
    usual, often = verdict(text), verdict(text, conditions=Conditions(often=True))
    assert usual.outcome is often.outcome is Outcome.ACCEPTED
    assert often.processed <= usual.processed


@pytest.mark.parametrize("end", ["if r0 < -2 goto again", "if r0 < r7 goto again"])
def test_a_loop_that_a_number_from_outside_ends_is_refused_long_before_it_is_walked(end: str) -> None:
    found = verdict(f"call 7\nr7 = r0\ncall 7\nagain:\nr0 += 1\n{end}\nr0 = 0\nexit")
    assert found.outcome is Outcome.TOO_COSTLY
    assert found.processed < 10_000


def test_a_loop_whose_range_is_used_up_ends() -> None:
    assert code("call 7\nr0 &= 4095\nagain:\nr0 += 1\nif r0 < 5000 goto again\nr0 = 0\nexit") is None


def test_what_makes_paths_many_is_named_and_where_that_matters() -> None:
    branch = "call 7\nif r0 > 5 goto +1\nr6 += 1\n"
    use = f"{LOOK_UP}if r0 == 0 goto out\nr6 &= 7\nr0 += r6\nr0 = *(u8 *)(r0 + 0)\nout:\nr0 = 0\nexit"
    found = verdict("r6 = 0\nr7 = 0\nagain:\n" + branch + "r7 += 1\nif r7 < 60 goto again\n" + use)
    assert found.outcome is Outcome.TOO_COSTLY
    assert found.slot == 3
    assert "both ways" in found.diagnostics[0].notes[1]


def test_a_function_that_is_called_often_is_no_loop() -> None:
    calls = "\n".join("r1 = r6\ncall f\nr6 = r0" for _ in range(800))
    assert code(f"r6 = 0\n{calls}\nr0 = 0\nexit\nf:\nr0 = r1\nr0 += 1\nexit") is None
