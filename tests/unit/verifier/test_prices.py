"""The estimate of the longest run: of instructions, of calls by helper and map, over all paths, in functions too."""

from __future__ import annotations

from pathlib import Path

import pytest

from syrupc.driver import judge
from syrupc.files import read_source
from syrupc.kernel import costs
from syrupc.kernel.helpers import BY_NAME as HELPER
from syrupc.kernel.map_types import BY_NAME as MAP_TYPE
from syrupc.kernel.profiles import NAMES, profile
from syrupc.objfile.reader import read_object
from syrupc.options import Options
from syrupc.verifier import verify
from syrupc.verifier.subject import Conditions
from tests.unit.objfile.llvm import SHARED, assemble
from tests.unit.verifier.judging import verdict

ROOT = Path(__file__).parents[3]
NOW = HELPER["ktime_get_ns"].id
RANDOM = HELPER["get_prandom_u32"].id


def price(name: str, map_type: str | None = None) -> int:
    found = costs.call(HELPER[name].id, MAP_TYPE[map_type].number if map_type else None)
    assert found is not None
    return found


def nanoseconds(instructions: int, *extra: int) -> int:
    return -(-(instructions * costs.INSTRUCTION + sum(extra)) // 1000)


def test_instructions_cost_what_their_number_is() -> None:
    assert verdict("r0 = 0\nr0 += 1\nexit").duration == nanoseconds(3)


def test_divisions_and_atomic_operations_cost_more() -> None:
    text = "r0 = 9\nr0 /= 3\n*(u64 *)(r10 - 8) = 1\nlock *(u64 *)(r10 - 8) += r0\nexit"
    assert verdict(text).duration == nanoseconds(5, costs.DIVISION, costs.ATOMIC)


def test_calls_cost_what_the_helper_costs() -> None:
    text = f"call {NOW}\ncall {RANDOM}\nr0 = 0\nexit"
    assert verdict(text).duration == nanoseconds(4, price("ktime_get_ns"), price("get_prandom_u32"))


@pytest.mark.parametrize("name", ["array", "hash"])
def test_calls_with_a_map_cost_what_its_type_costs(name: str) -> None:
    text = f"*(u64 *)(r10 - 8) = 0\nr1 = map({name}) ll\nr2 = r10\nr2 += -8\ncall 1\nr0 = 0\nexit"
    assert verdict(text).duration == nanoseconds(7, price("map_lookup_elem", name))


def test_the_dearest_path_need_not_be_the_longest() -> None:
    long = "\n".join(["r6 += 1"] * 20)
    found = verdict(
        f"r6 = 0\ncall {RANDOM}\nif r0 > 5 goto dear\n{long}\nr0 = 0\nexit\ndear:\ncall {NOW}\nr0 = 0\nexit"
    )
    assert found.executed == 25
    assert found.duration == nanoseconds(6, price("get_prandom_u32"), price("ktime_get_ns"))


@pytest.mark.parametrize("often", [False, True])
@pytest.mark.parametrize("count", [3, 12])
def test_paths_that_go_on_as_others_did_cost_what_those_cost(often: bool, count: int) -> None:
    branch = f"call {RANDOM}\nif r0 > 5 goto +1\ncall {NOW}\n"
    found = verdict(f"{branch * count}r0 = 0\nexit", conditions=Conditions(often=often))
    extra = (price("get_prandom_u32"), price("ktime_get_ns")) * count
    assert (found.executed, found.duration) == (3 * count + 2, nanoseconds(3 * count + 2, *extra))


@pytest.mark.parametrize("costly", [f"call {NOW}\n", "r6 = 1\n" * 20])
def test_the_dearest_way_to_where_paths_meet_is_followed_by_the_dearest_from_there(costly: str) -> None:
    """Of two ways that meet, the cheap one is walked first, and from there the dear one."""
    meet = f"meet:\ncall {RANDOM}\nr6 = 0\nif r0 > 7 goto end\n{costly}end:\nr0 = 0\nr6 = 0\nexit"
    text = f"call {RANDOM}\nif r0 > 5 goto dear\ngoto meet\ndear:\n{costly}{meet}"
    found = verdict(text, conditions=Conditions(often=True))
    alone = verdict(f"call {RANDOM}\nif r0 > 5 goto +0\n{costly}{meet}")
    assert (found.executed, found.duration) == (alone.executed, alone.duration)


def test_each_turn_of_a_loop_costs() -> None:
    text = f"r6 = 0\nagain:\ncall {NOW}\nr6 += 1\nif r6 < 50 goto again\nr0 = 0\nexit"
    assert verdict(text).duration == nanoseconds(153, *[price("ktime_get_ns")] * 50)


def test_functions_cost_where_they_are_called() -> None:
    text = f"call now\ncall now\nr0 = 0\nexit\nnow:\ncall {NOW}\nr0 = 0\nexit"
    assert verdict(text).duration == nanoseconds(10, *[price("ktime_get_ns")] * 2)


def test_functions_that_are_verified_on_their_own_cost_as_much() -> None:
    shared = 'name: "shared", scope: !3, file: !3, line: 10, type: !52, unit: !1, retainedNodes: !84, spFlags:'
    within = SHARED.replace("  ret i32 %a, !dbg !42", "  %bit = and i32 %a, 1, !dbg !42\n  ret i32 %bit, !dbg !42")
    alone = within.replace("define internal i32 @shared", "define i32 @shared")
    alone = alone.replace(f"{shared} DISPFlagLocalToUnit |", shared)
    ours, theirs = (verify(read_object(assemble(text)), profile("5.15")).programs[0] for text in (within, alone))
    assert ours.executed > 10
    assert (ours.executed, ours.duration) == (theirs.executed, theirs.duration)


def test_no_estimate_is_made_of_what_was_never_measured() -> None:
    unmeasured = HELPER["jiffies64"].id
    assert costs.call(unmeasured, None) is None
    found = verdict(f"call {RANDOM}\nif r0 > 5 goto out\ncall {unmeasured}\nout:\nr0 = 0\nexit")
    assert (found.executed, found.duration) == (5, None)


POLICIES = [*(ROOT / "examples").glob("[!_]*.py"), *(ROOT / "tests" / "policies").glob("*.py")]


@pytest.mark.parametrize("path", POLICIES, ids=lambda path: path.stem)
def test_whatever_the_compiler_calls_was_measured(path: Path) -> None:
    verdict = judge(read_source(str(path)), Options(kernel=NAMES[-1]))
    assert all(program.duration for program in verdict.programs)
