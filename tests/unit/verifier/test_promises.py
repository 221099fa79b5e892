"""What an object says of its programs is proven from their bytes, and only where it says anything."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syrupc.driver import judge
from syrupc.errors import InternalError
from syrupc.frontend.source import PolicySource
from syrupc.isa.assembly import parse_program
from syrupc.kernel.costs import INSTRUCTION, REVISION, call
from syrupc.kernel.profiles import NAMES, profile
from syrupc.objfile.model import Cost, Costs, MapDefinition, Object, Program, Relocation, RelocationKind
from syrupc.objfile.reader import read_object
from syrupc.options import Options
from syrupc.spec import ObjectSpec, ProgramSpec
from syrupc.verifier import Outcome, verify
from syrupc.verifier.verdict import ProgramVerdict
from tests.unit.objfile.llvm import SHARED, assemble

SOCKETS = MapDefinition("sockets", 20, 4, 8, 8)
OTHERS = MapDefinition("others", 20, 4, 8, 2)
PROGRAMS = MapDefinition("programs", 3, 4, 4, 4)
SAID = ProgramSpec("decide", "socket", "sockets", "counts", 8, False, ())


def judged(
    text: str,
    said: ProgramSpec | None = SAID,
    *,
    section: str = "sk_reuseport",
    used: str = "sockets",
    kernel: str = "5.15",
) -> tuple[Outcome, str]:
    """The verdict on a program whose map(0) is `used`, and what is said of it."""
    slots = [slot for slot, line in enumerate(text.strip().splitlines()) if "map(0)" in line]
    uses = tuple(Relocation(slot, RelocationKind.MAP, used) for slot in slots)
    program = Program("decide", section, parse_program(text), uses, (), ())
    spec = _spec(said) if said else None
    obj = Object(b"", (program,), (SOCKETS, OTHERS, PROGRAMS), "GPL", b"", spec)
    (verdict,) = verify(obj, profile(kernel)).programs
    assert {each.code for each in verdict.diagnostics} <= {"SYR525"}
    return verdict.outcome, " ".join(each.message for each in verdict.diagnostics)


def _spec(said: ProgramSpec) -> ObjectSpec:
    return ObjectSpec("p.py", "0" * 64, (said,), ())


# -- DROP --------------------------------------------------------------------------------------------------------------

CHANCE = "call 7\nif r0 > 5 goto out\n{}\nout:\nr0 = {}\nexit"


@pytest.mark.parametrize("text", ["r0 = 0\nexit", CHANCE.format("r0 = 1\nexit", 0), CHANCE.format("r0 = 0\nexit", 1)])
def test_a_program_that_is_said_never_to_drop_returns_pass_on_every_path(text: str) -> None:
    outcome, message = judged(text)
    assert outcome is Outcome.UNSAFE
    assert message.startswith("the program drops, and the object says that it never does")
    assert judged(text, replace(SAID, drops=True))[0] is Outcome.ACCEPTED
    assert judged(text, None)[0] is Outcome.ACCEPTED


def test_a_result_that_may_be_either_is_not_proven() -> None:
    text = "call 7\nr0 &= 1\nexit"
    assert judged(text)[0] is Outcome.NOT_PROVEN
    assert judged(text, replace(SAID, drops=True))[0] is Outcome.ACCEPTED


def test_drops_are_found_behind_states_that_looked_alike() -> None:
    again = "call 7\nif r0 > 3 goto +0\n" * 6
    assert judged(f"r6 = 1\ncall 7\nif r0 > 5 goto +1\nr6 = 0\n{again}r0 = r6\nexit")[0] is Outcome.UNSAFE


def test_what_a_function_returns_is_not_what_the_program_returns() -> None:
    assert judged("call zero\nr0 = 1\nexit\nzero:\nr0 = 0\nexit")[0] is Outcome.ACCEPTED


def test_nor_is_what_a_function_returns_that_is_verified_on_its_own() -> None:
    shared = 'name: "shared", scope: !3, file: !3, line: 10, type: !52, unit: !1, retainedNodes: !84, spFlags:'
    text = SHARED.replace("define internal i32 @shared", "define i32 @shared").replace("ret i32 %a", "ret i32 1")
    obj = read_object(assemble(text.replace(f"{shared} DISPFlagLocalToUnit |", shared)))
    first = replace(obj, programs=obj.programs[:1], maps=(*obj.maps, SOCKETS), spec=_spec(replace(SAID, name="first")))
    assert verify(first, profile("5.15")).diagnostics == ()


def test_another_program_may_drop() -> None:
    text = "r2 = map(0) ll\nr3 = 0\ncall 12\nr0 = 1\nexit"
    assert judged(text, used="programs")[0] is Outcome.NOT_PROVEN
    assert judged(text, replace(SAID, drops=True), used="programs")[0] is Outcome.ACCEPTED


# -- executors ---------------------------------------------------------------------------------------------------------

SELECT = """r6 = r1
{before}
*({width} *)(r10 - 8) = {index}
r1 = r6
r2 = map(0) ll
r3 = r10
r3 += -8
r4 = 0
call 82
r0 = 1
exit
"""
BOUNDED = "call 7\nif r0 < 8 goto +2\nr0 = 1\nexit"


def select(index: str, before: str = "r0 = 0", width: str = "u64") -> str:
    """A program that selects an executor. Labels and wide loads aside, a line is a slot."""
    return SELECT.format(index=index, before=before, width=width)


@pytest.mark.parametrize("kernel", NAMES)
@pytest.mark.parametrize("text", [select("0"), select("7"), select("r0", BOUNDED), select("r0", "call 7\nr0 &= 7")])
def test_an_index_below_the_number_of_executors_is_accepted_by_every_kernel(text: str, kernel: str) -> None:
    assert judged(text, kernel=kernel) == (Outcome.ACCEPTED, "")


def test_an_index_as_wide_as_the_key_is_accepted_where_kernels_follow_it() -> None:
    assert judged(select("r0", BOUNDED, "u32"), kernel="6.18")[0] is Outcome.ACCEPTED


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (select("8"), Outcome.UNSAFE),
        (select("-1"), Outcome.NOT_PROVEN),
        (select("r0", BOUNDED.replace("8", "9")), Outcome.NOT_PROVEN),
        (select("r0", "call 7"), Outcome.NOT_PROVEN),
        (select("r0", "call 7\nr0 &= 7\nr0 += 1"), Outcome.NOT_PROVEN),
        # Only the lower half is the key, and it is 8 here.
        (select("r0", "r0 = 8\nr0 <<= 32\nr0 += 8"), Outcome.NOT_PROVEN),
    ],
)
def test_any_other_index_is_not(text: str, expected: Outcome) -> None:
    assert judged(text)[0] is expected
    assert judged(text, None)[0] is Outcome.ACCEPTED


def test_an_index_that_differs_between_paths_is_looked_at_on_each() -> None:
    again = "call 7\nif r0 > 3 goto +0\n" * 6
    text = select("r7", f"r7 = 3\ncall 7\nif r0 > 5 goto +1\nr7 = 30\n{again}".strip())
    assert judged(text)[0] is Outcome.UNSAFE
    assert judged(text.replace("r7 = 30", "r7 = 5"))[0] is Outcome.ACCEPTED


def test_executors_of_another_map_are_another_matter() -> None:
    assert judged(select("5"), used="others")[0] is Outcome.ACCEPTED


# -- words that cannot be true -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "said",
    [
        replace(SAID, executors="nothing"),
        replace(SAID, executors="others"),
        replace(SAID, max_executors=64),
        replace(SAID, hook="nowhere"),
    ],
)
def test_maps_and_hooks_that_are_not_there_are_told(said: ProgramSpec) -> None:
    assert judged("r0 = 1\nexit", said)[0] is Outcome.UNSAFE
    assert judged("r0 = 1\nexit", replace(said, name="another"))[0] is Outcome.ACCEPTED


def test_a_program_of_another_type_is_not_for_the_hook() -> None:
    outcome, message = judged("r0 = 1\nexit", section="xdp")
    assert outcome is Outcome.UNSAFE
    assert "xdp program is for the hook `socket`" in message


# -- costs -------------------------------------------------------------------------------------------------------------

LOOP = "r6 = 0\nagain:\ncall 5\nr6 += 1\nif r6 < 10 goto again\nr0 = 1\nexit"


def claimed(cost: Cost, *, release: tuple[int, int] = (5, 15), revision: int = REVISION) -> ProgramVerdict:
    """The verdict on the loop where the object says that it costs so."""
    program = Program("decide", "sk_reuseport", parse_program(LOOP), (), (), ())
    costs = Costs(release, revision, {"decide": cost})
    obj = Object(b"", (program,), (SOCKETS,), "GPL", b"", _spec(SAID), costs)
    (verdict,) = verify(obj, profile("5.15")).programs
    return verdict


NS = -(-(33 * INSTRUCTION + 10 * (call(5, None) or 0)) // 1000)
TRUE = Cost(33, NS)


def test_what_is_said_of_costs_may_be_more_than_is_proven() -> None:
    proven = claimed(TRUE)
    assert (proven.executed, proven.duration, proven.outcome) == (33, NS, Outcome.ACCEPTED)
    assert claimed(Cost(1 << 60, 1 << 60)).outcome is Outcome.ACCEPTED
    assert claimed(replace(TRUE, duration=None)).outcome is Outcome.ACCEPTED


@pytest.mark.parametrize("release", [(5, 15), (6, 18), (0, 0), (65_535, 1)])
@pytest.mark.parametrize(
    ("cost", "said", "is_"),
    [
        (Cost(32, NS), "at most 32 instructions", "33"),
        (Cost(0, None), "at most 0 instructions", "33"),
        (Cost(33, NS - 1), f"at most {NS - 1} ns", f"{NS} ns"),
    ],
)
def test_but_not_less(cost: Cost, said: str, is_: str, release: tuple[int, int]) -> None:
    verdict = claimed(cost, release=release)
    (diagnostic,) = verdict.diagnostics
    assert (verdict.outcome, diagnostic.code) == (Outcome.NOT_PROVEN, "SYR525")
    assert said in diagnostic.message
    assert diagnostic.notes == (f"what is proven is {is_}",)
    assert verdict.executed == 33


def test_estimates_by_other_figures_are_not_compared() -> None:
    assert claimed(Cost(33, 1), revision=REVISION + 1).outcome is Outcome.ACCEPTED
    assert claimed(Cost(32, 1), revision=REVISION + 1).outcome is Outcome.NOT_PROVEN


def test_what_is_proven_for_any_kernel_is_true_on_all() -> None:
    """Linux 5.15 does not see that the branch is never taken: what the key's bytes are is not known there."""
    text = PARTS.format(long="r6 += 1\n" * 20)
    program = Program("decide", "sk_reuseport", parse_program(text), (), (), ())
    plain = Object(b"", (program,), (SOCKETS,), "GPL", b"", _spec(SAID))
    old, new = (verify(plain, profile(kernel)).programs[0] for kernel in ("5.15", "6.18"))
    assert new.executed + 20 == old.executed
    true = Costs((6, 18), REVISION, {"decide": Cost(new.executed, new.duration)})
    assert verify(replace(plain, costs=true), profile("5.15")).accepted
    assert not verify(replace(plain, costs=replace(true, release=(5, 15))), profile("5.15")).accepted


PARTS = """
call 7
r0 &= 3
*(u32 *)(r10 - 8) = r0
r1 = *(u32 *)(r10 - 8)
r6 = 0
if r1 < 4 goto out
{long}out:
r0 = 1
exit
"""


# -- our own -----------------------------------------------------------------------------------------------------------

DROPPING = """import syrup


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return syrup.DROP if pkt.flow_hash & 1 else pkt.flow_hash % 5
"""


@pytest.mark.parametrize("kernel", NAMES)
@pytest.mark.parametrize("drops", [True, False])
def test_the_compiler_says_whether_a_policy_drops_and_it_is_so(drops: bool, kernel: str) -> None:
    text = DROPPING if drops else DROPPING.replace("syrup.DROP", "syrup.PASS")
    verdict = judge(PolicySource("p.py", text), Options(kernel=kernel))
    assert verdict.accepted
    assert verdict.object.spec is not None
    assert [program.drops for program in verdict.object.spec.programs] == [drops]


def test_a_compiler_that_says_otherwise_is_at_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    from syrupc.lower import lower

    monkeypatch.setattr(lower, "ProgramSpec", lambda **said: ProgramSpec(**{**said, "drops": False}))
    with pytest.raises(InternalError) as caught:
        judge(PolicySource("p.py", DROPPING), Options())
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "SYR901"
    assert diagnostic.details[0] == "SYR525"
