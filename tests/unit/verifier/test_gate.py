"""The verdict on an object: its programs one by one, told in the terms of the source, and the way to a loadable one."""

from __future__ import annotations

import pathlib
import re
from dataclasses import replace

import pytest

from syrupc import verifier
from syrupc.codes import TITLES
from syrupc.diagnostics import Span
from syrupc.errors import UsageError, VerificationError
from syrupc.isa.assembly import parse_program
from syrupc.kernel.profiles import DEFAULT_PROFILE, NAMES, profile
from syrupc.kernel.program_types import BY_NAME
from syrupc.objfile.model import LineInfo, MapDefinition, Object, Program, Relocation, RelocationKind
from syrupc.objfile.reader import read_object
from syrupc.verifier import Outcome, verify
from syrupc.verifier.explain import diagnostic
from syrupc.verifier.findings import Finding
from syrupc.verifier.subject import Subject, subject_of
from tests.unit.objfile.llvm import SHARED, assemble


def program(
    text: str, name: str = "decide", section: str = "sk_reuseport", lines: tuple[LineInfo, ...] = ()
) -> Program:
    return Program(name, section, parse_program(text), (), (), lines)


def obj(*programs: Program, maps: tuple[MapDefinition, ...] = ()) -> Object:
    return Object(b"", programs, maps, "GPL", b"", None)


GOOD = program("r0 = 1\nexit", "good")
BAD = program("r0 = r9\nexit", "bad")


def test_an_object_is_accepted_if_all_its_programs_are() -> None:
    verdict = verify(obj(GOOD), profile(DEFAULT_PROFILE))
    assert verdict.accepted
    assert verdict.profile == "5.15"
    assert verdict.require().object is verdict.object


def test_one_bad_program_keeps_the_object_back() -> None:
    verdict = verify(obj(GOOD, BAD), profile(DEFAULT_PROFILE))
    assert [p.outcome for p in verdict.programs] == [Outcome.ACCEPTED, Outcome.UNSAFE]
    with pytest.raises(VerificationError) as caught:
        verdict.require()
    assert [d.code for d in caught.value.diagnostics] == ["SYR504"]


def test_a_waiver_says_why() -> None:
    verdict = verify(obj(BAD), profile(DEFAULT_PROFILE))
    assert verdict.waive("measured by hand").waiver == "measured by hand"
    with pytest.raises(ValueError, match="needs a reason"):
        verdict.waive("  ")


def test_sections_that_say_no_known_type_are_not_modelled() -> None:
    verdict = verify(obj(program("r0 = 0\nexit", section="lirc_mode2")), profile("6.18"))
    assert [p.outcome for p in verdict.programs] == [Outcome.UNSUPPORTED]
    assert verdict.diagnostics[0].code == "SYR519"


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("sk_reuseport", None),
        ("sk_reuseport/migrate", None),
        ("xdp.frags", None),
        ("tc", None),
        ("cgroup_skb/egress", None),
        ("socket", None),
    ],
)
def test_sections_are_known_with_what_stands_behind_the_slash(section: str, expected: None) -> None:
    found = verify(obj(program("r0 = 1\nexit", section=section)), profile("6.18"))
    assert (found.diagnostics[0].code if found.diagnostics else None) is expected


def test_unknown_kernels_are_named_with_those_that_are_known() -> None:
    with pytest.raises(UsageError) as caught:
        profile("2.4")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "SYR003"
    assert all(name in diagnostic.notes[0] for name in NAMES)


def test_maps_of_a_type_that_the_kernel_lacks_are_refused() -> None:
    code = Program(
        "decide",
        "sk_reuseport",
        parse_program("r1 = map(0) ll\nr0 = 1\nexit"),
        (Relocation(0, RelocationKind.MAP, "bloom"),),
        (),
        (),
    )
    bloom = MapDefinition("bloom", 30, 0, 8, 4)
    verdicts = {name: verify(obj(code, maps=(bloom,)), profile(name)) for name in ("5.15", "6.1")}
    assert [d.code for d in verdicts["5.15"].diagnostics] == ["SYR518"]
    assert verdicts["6.1"].accepted


def test_maps_of_more_than_a_program_may_use_are_refused() -> None:
    count = 65
    text = "r1 = map(0) ll\n" * count + "r0 = 1\nexit"
    uses = tuple(Relocation(2 * i, RelocationKind.MAP, f"m{i}") for i in range(count))
    maps = tuple(MapDefinition(f"m{i}", 2, 4, 8, 1) for i in range(count))
    code = Program("decide", "sk_reuseport", parse_program(text), uses, (), ())
    assert [d.code for d in verify(obj(code, maps=maps), profile("6.18")).diagnostics] == ["SYR516"]


# -- in the terms of the source ----------------------------------------------------------------------------------------

LINES = (
    LineInfo(0, "./policies/lb.py", 3, 1, "def decide(pkt):"),
    LineInfo(1, "./policies/lb.py", 7, 5, "    if random() > 5:"),
    LineInfo(3, "./policies/lb.py", 0, 0, ""),
    LineInfo(4, "./policies/lb.py", 9, 12, "        x = broken"),
)
BRANCHING = "r6 = 0\ncall 7\nif r0 > 5 goto out\nr0 = 1\nr0 = *(u8 *)(r6 + 0)\nout:\nr0 = 1\nexit"


def test_a_finding_stands_at_its_line_and_column() -> None:
    (diagnostic,) = verify(obj(program(BRANCHING, lines=LINES)), profile("5.15")).diagnostics
    assert diagnostic.span is not None
    assert (diagnostic.span.file, diagnostic.span.line, diagnostic.span.column) == ("policies/lb.py", 9, 12)


def test_the_branches_that_led_there_are_shown() -> None:
    (diagnostic,) = verify(obj(program(BRANCHING, lines=LINES)), profile("5.15")).diagnostics
    assert [label.span.line for label in diagnostic.labels] == [7]


def test_code_without_a_line_belongs_to_the_line_before() -> None:
    text = BRANCHING.replace("r0 = 1\nr0 = *(u8 *)(r6 + 0)", "r0 = *(u8 *)(r6 + 0)\nr0 = 1")
    (diagnostic,) = verify(obj(program(text, lines=LINES)), profile("5.15")).diagnostics
    assert diagnostic.span is not None
    assert diagnostic.span.line == 7


def test_without_lines_the_program_is_named() -> None:
    (diagnostic,) = verify(obj(BAD), profile("5.15")).diagnostics
    assert diagnostic.span is None
    assert diagnostic.message.endswith("(program `bad`)")


def test_registers_and_instruction_numbers_are_details_only() -> None:
    (diagnostic,) = verify(obj(program(BRANCHING, lines=LINES)), profile("5.15")).diagnostics
    told = " ".join((diagnostic.message, *diagnostic.notes, *diagnostic.help))
    assert "r6" not in told
    assert "instruction 4" in diagnostic.details[0]


def test_spans_are_places_that_a_caret_can_point_at() -> None:
    (diagnostic,) = verify(obj(program(BRANCHING, lines=LINES)), profile("5.15")).diagnostics
    assert diagnostic.span == Span("policies/lb.py", 9, 12, 9, 19)


# -- objects as they are read ------------------------------------------------------------------------------------------


def test_an_object_is_judged_with_its_own_maps_and_lines() -> None:
    text = SHARED.replace("constant i32 5", "constant i32 6")
    first, second = verify(read_object(assemble(text)), profile("5.15")).programs
    assert first.outcome is Outcome.ACCEPTED
    assert second.outcome is Outcome.NOT_PROVEN
    (diagnostic,) = second.diagnostics
    assert (diagnostic.code, diagnostic.span and diagnostic.span.line) == ("SYR513", 8)


def test_the_result_of_a_function_that_kernels_verify_on_its_own_is_any_number() -> None:
    text = SHARED.replace("define internal i32 @shared", "define i32 @shared")
    shared = 'name: "shared", scope: !3, file: !3, line: 10, type: !52, unit: !1, retainedNodes: !84, spFlags:'
    text = text.replace(f"{shared} DISPFlagLocalToUnit |", shared)
    first = verify(read_object(assemble(text)), profile("5.15")).programs[0]
    assert first.outcome is Outcome.NOT_PROVEN
    assert first.diagnostics[0].code == "SYR513"


def test_the_licence_of_the_object_counts() -> None:
    traced = replace(obj(program("call 35\nr0 = 1\nexit")), license="Proprietary")
    assert [d.code for d in verify(traced, profile("6.18")).diagnostics] == ["SYR511"]
    assert verify(replace(traced, license="Dual BSD/GPL"), profile("6.18")).accepted


def subject() -> Subject:
    return subject_of(GOOD, BY_NAME["sk_reuseport"], (), "GPL", profile("6.18"))


def test_every_code_of_the_verifier_comes_with_something_to_do() -> None:
    text = pathlib.Path(verifier.__file__).parent
    codes = {code for path in text.glob("*.py") for code in re.findall(r'"(SYR5\d\d)"', path.read_text())}
    assert codes <= set(TITLES)
    without = [code for code in codes if not diagnostic(subject(), Finding(code, Outcome.UNSAFE, "message")).help]
    # These always say something better themselves.
    assert set(without) <= {"SYR503", "SYR513", "SYR514", "SYR519", "SYR521"}


FORGETFUL = """
    r7 = *(u32 *)(r1 + 16)
    if r7 > 5 goto out
    r6 = r7
    r6 += 1
    if r6 == 6 goto out
    r7 <<= 1
    r4 = r10
    r4 += -16
    *(u64 *)(r10 - 8) = 0
    *(u64 *)(r10 - 16) = 0
    r4 += r7
    r0 = *(u8 *)(r4 + 0)
out:
    r0 = 0
    exit
"""


def test_what_is_proven_for_a_kernel_is_proven_for_newer_ones_that_forget_something() -> None:
    older, newest = verify(obj(program(FORGETFUL)), profile("5.15")), verify(obj(program(FORGETFUL)), profile("6.18"))
    assert newest.accepted
    assert not older.accepted
    assert "Linux 6.12 concludes less here" in older.diagnostics[0].notes[-1]


def test_a_loop_without_an_end_is_told_where_it_begins() -> None:
    body = "if r6 < 4 goto out\nr7 = r6\nr7 &= 1\nif r7 == 0 goto again\ngoto again"
    text = f"r6 = *(u32 *)(r1 + 16)\nagain:\n{body}\nout:\nr0 = 1\nexit"
    lines = tuple(LineInfo(slot, "lb.py", line, 5, "...") for slot, line in ((0, 6), (1, 7), (2, 8), (5, 9), (6, 12)))
    (diagnostic,) = verify(obj(program(text, lines=lines)), profile("6.18")).diagnostics
    assert (diagnostic.code, diagnostic.span and diagnostic.span.line) == ("SYR514", 7)
