"""The measurement itself: what a case is judged as, what is printed, what counts as wrong."""

from __future__ import annotations

import json
import lzma
from pathlib import Path
from typing import Any

import pytest

from syrupc.isa.assembly import parse_program
from syrupc.isa.codec import encode
from syrupc.kernel.profiles import profile
from syrupc.verifier.corpus import KERNEL, Measured, main, measure, table

ARRAY = {"type": 2, "key_size": 4, "value_size": 8, "max_entries": 1, "map_flags": 0}


def case(text: str, verdict: str = "ACCEPT", **changes: Any) -> dict[str, Any]:
    return {
        "id": f"made/{len(text)}",
        "name": "made",
        "category": "other",
        "license": "GPL",
        "prog_type": 1,
        "expected_attach_type": 0,
        "prog_flags": 0,
        "insns": encode(parse_program(text)).hex(),
        "maps": [],
        "relocs": [],
        "kernel": {"verdict": verdict},
        **changes,
    }


def judged(found: dict[str, Any]) -> Measured:
    return measure(found, profile(KERNEL))


def test_a_case_is_judged_as_it_was_loaded() -> None:
    text = "r1 = map(0) ll\nr0 = 0\nexit"
    named = case(text, maps=[ARRAY], relocs=[{"insn": 0, "kind": "map_fd", "map": 0}])
    assert judged(named).verdict == "accept"
    assert (judged(case(text)).verdict, judged(case(text)).code) == ("reject", "SYR518")


def test_addresses_in_map_values_take_their_offset_from_the_wide_load() -> None:
    uses = {"maps": [ARRAY], "relocs": [{"insn": 0, "kind": "map_value", "map": 0}]}
    assert judged(case("r1 = map_value(0, 4) ll\nr0 = *(u32 *)(r1 + 0)\nexit", **uses)).verdict == "accept"
    assert judged(case("r1 = map_value(0, 8) ll\nr0 = 0\nexit", **uses)).verdict == "reject"


def test_flags_and_attach_types_count() -> None:
    misaligned = "r1 = map_value(0, 0) ll\nr0 = *(u32 *)(r1 + 2)\nexit"
    uses = {"maps": [ARRAY], "relocs": [{"insn": 0, "kind": "map_value", "map": 0}]}
    assert judged(case(misaligned, **uses)).verdict == "accept"
    assert judged(case(misaligned, prog_flags=1, **uses)).code == "SYR524"
    egress = case("r0 = 3\nexit", prog_type=8, expected_attach_type=1)
    assert (judged(egress).verdict, judged({**egress, "expected_attach_type": 0}).verdict) == ("accept", "reject")


def test_maps_of_maps_lead_to_maps() -> None:
    text = "*(u32 *)(r10 - 4) = 0\nr2 = r10\nr2 += -4\nr1 = map(0) ll\ncall 1\nif r0 == 0 goto out\n"
    text += "r1 = r0\nr2 = r10\nr2 += -4\ncall 1\nout:\nr0 = 0\nexit"
    outer = {**ARRAY, "type": 12, "value_size": 4, "inner": ARRAY}
    relocs = [{"insn": 3, "kind": "map_fd", "map": 0}]
    assert judged(case(text, maps=[outer], relocs=relocs)).verdict == "accept"
    untested = text.replace("if r0 == 0 goto out\n", "")
    assert judged(case(untested, maps=[outer], relocs=relocs)).code == "SYR505"


def test_unknown_program_types_are_unsupported() -> None:
    assert judged(case("r0 = 0\nexit", prog_type=999)).verdict == "unsupported"


def test_the_line_is_what_readers_of_it_expect() -> None:
    line = json.loads(judged(case("r0 = r9\nexit", "REJECT")).line)
    assert line.keys() == {"id", "verdict", "code", "insn", "processed", "ms"}
    assert (line["verdict"], line["code"], line["insn"], line["processed"]) == ("reject", "SYR504", 0, 1)


def test_both_ways_of_being_wrong_are_counted_apart() -> None:
    rows = [
        judged(case("r0 = 0\nexit", "ACCEPT")),
        judged(case("r0 = 0\nexit", "REJECT")),
        judged(case("r0 = r9\nexit", "ACCEPT")),
        judged(case("r0 = 0\nexit", "REJECT", prog_type=999)),
    ]
    (words,) = (line.split() for line in table(rows).splitlines() if line.startswith("all"))
    assert words == ["all", "1", "0", "1", "1", "0", "1"]


def test_reasons_and_places_are_compared_where_both_reject_and_the_kernel_names_them() -> None:
    uninitialised = {"verdict": "REJECT", "reason": "uninit_register", "fail_insn": 0}
    rows = [
        judged({**case("r0 = r9\nexit"), "kernel": uninitialised}),
        judged({**case("r0 = r9\nexit"), "kernel": {**uninitialised, "reason": "packet_bounds", "fail_insn": 1}}),
        judged({**case("r0 = r9\nexit"), "kernel": {**uninitialised, "reason": "other", "fail_insn": None}}),
        judged({**case("r0 = 0\nexit"), "kernel": uninitialised}),
    ]
    *_, classes, places = table(rows).splitlines()
    assert classes == "class of reason right: 1 of 2 (50.0%)"
    assert places == "failing instruction equal: 1 of 2 (50.0%)"


@pytest.mark.parametrize(("verdict", "status"), [("ACCEPT", 0), ("REJECT", 1)])
def test_the_command_fails_where_it_accepted_what_the_kernel_rejects(
    verdict: str, status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cases.json.xz"
    path.write_bytes(lzma.compress(json.dumps([case("r0 = 0\nexit", verdict)]).encode()))
    assert main([str(path)]) == status
    out, err = capsys.readouterr()
    assert json.loads(out)["verdict"] == "accept"
    assert err.startswith("category")


def test_the_command_wants_one_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err
