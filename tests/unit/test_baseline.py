"""Findings that are accepted for now: what is new fails, what is gone fails, and nothing else does."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from syrupc.objfile.model import FunctionInfo, LineInfo, Program
from syrupc.places import NO_PLACE, Place, in_program, in_source
from tests.unit.commands import POLICY, Runner

FLOAT = POLICY.replace("% 5", "/ 5")
UPDATE = "--update-baseline"


@pytest.fixture
def verify(syrupc: Runner, folder: Path) -> Runner:
    """`syrupc verify . --baseline known.json` over a folder with a policy that is rejected and one that is not."""
    (folder / "float.py").write_text(FLOAT)
    return lambda *more: syrupc("verify", ".", "--baseline", "known.json", *more)


def findings(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "known.json").read_text())["findings"]
    return found


def test_what_is_accepted_passes_and_is_written_one_finding_a_line(verify: Runner, folder: Path) -> None:
    done = verify(UPDATE)
    assert (done.status, done.err) == (0, "")
    assert "1 finding in the baseline; " in done.out
    assert done.out.endswith("wrote known.json (1 finding of these files)\n")
    assert (folder / "known.json").read_text() == (
        '{\n  "version": 1,\n  "findings": [\n'
        '    {"file": "float.py", "function": "spread", "line": 4, "code": "SYR101", "program": "", "count": 1, '
        '"message": "`/` gives a float: not in the policy language"}\n'
        "  ]\n}\n"
    )
    done = verify()
    assert (done.status, done.err) == (0, "")
    assert " rejected, known  float.py " in done.out
    assert json.loads(verify("--format", "json").out)["files"][0]["known"] == 1
    assert json.loads(verify("--format", "sarif").out)["runs"][0]["results"] == []


def test_edits_above_change_nothing(verify: Runner, folder: Path) -> None:
    verify(UPDATE)
    (folder / "float.py").write_text(
        "# a line\n" + FLOAT.replace("turn =", "other = syrup.Array(syrup.u64, 4)\nturn =")
    )
    assert verify().status == 0


@pytest.mark.parametrize(
    "changed",
    [
        FLOAT.replace("return 5", "return 5 / 1"),
        FLOAT.replace("% 5", "/ 5").replace("    if", "    x = 1\n    if"),
        FLOAT.replace("spread", "other"),
    ],
)
def test_a_new_finding_fails_with_what_would_accept_it(verify: Runner, folder: Path, changed: str) -> None:
    verify(UPDATE)
    (folder / "float.py").write_text(changed)
    done = verify()
    assert done.status == 1
    assert "error[SYR101]" in done.err
    assert done.out.endswith("to accept what is found now: syrupc verify --update-baseline . --baseline known.json\n")


def test_a_finding_more_of_the_same_kind_is_new(verify: Runner, folder: Path) -> None:
    (folder / "float.py").write_text(FLOAT.replace("/ 5", "/ 5 + 1 / 2"))
    verify(UPDATE)
    assert [each["count"] for each in findings(folder)] == [2]
    assert verify().status == 0
    (folder / "float.py").write_text(FLOAT.replace("/ 5", "/ 5 + 1 / 2 + 1 / 3"))
    done = verify()
    assert (done.status, done.err.count("error[SYR101]")) == (1, 1)
    (folder / "float.py").write_text(FLOAT)
    assert "a finding in `spread` of `float.py` is gone" in verify().err


def test_a_finding_that_is_gone_fails_with_the_command_that_takes_it_out(verify: Runner, folder: Path) -> None:
    verify(UPDATE)
    (folder / "float.py").write_text(POLICY)
    done = verify()
    assert done.status == 1
    assert done.err.startswith(
        "error[SYR007]: a finding in `spread` of `float.py` is gone, and still in the baseline: "
        "`/` gives a float: not in the policy language\n --> known.json:4:5\n"
    )
    assert "`syrupc verify --update-baseline . --baseline known.json`" in done.err
    assert verify(UPDATE).status == 0
    assert findings(folder) == []
    assert verify().status == 0


def test_findings_of_a_file_that_is_gone_are_gone(verify: Runner, folder: Path) -> None:
    verify(UPDATE)
    (folder / "float.py").unlink()
    assert "error[SYR007]" in verify().err


def test_files_that_were_not_looked_at_are_left_alone(verify: Runner, syrupc: Runner, folder: Path) -> None:
    verify(UPDATE)
    one = ("verify", "spread.py", "--baseline", "known.json")
    assert syrupc(*one).status == 0
    assert syrupc(*one, UPDATE).status == 0
    assert [each["file"] for each in findings(folder)] == ["float.py"]


def test_a_baseline_is_about_the_folder_it_lies_in(
    verify: Runner, syrupc: Runner, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify(UPDATE)
    monkeypatch.chdir("/")
    assert syrupc("verify", str(folder), "--baseline", str(folder / "known.json")).status == 0


def test_findings_are_sorted_whatever_the_order_of_the_arguments(syrupc: Runner, folder: Path) -> None:
    for name in ("b.py", "a.py", "c.py"):
        (folder / name).write_text(FLOAT)
    syrupc("verify", "b.py", "c.py", "a.py", "--baseline", "known.json", UPDATE)
    first = (folder / "known.json").read_bytes()
    assert [each["file"] for each in findings(folder)] == ["a.py", "b.py", "c.py"]
    syrupc("verify", "c.py", "a.py", "b.py", "--baseline", "known.json", UPDATE)
    assert (folder / "known.json").read_bytes() == first


def test_a_verdict_on_a_program_can_be_accepted_as_well(syrupc: Runner, folder: Path) -> None:
    (folder / "endless.py").write_text(
        POLICY.replace("    return turn", "    while turn[0] < 5:\n        turn[0] = 1\n    return turn")
    )
    run = ("verify", "endless.py", "--baseline", "known.json")
    assert syrupc(*run, UPDATE).status == 0
    assert [(each["program"], each["function"]) for each in findings(folder)] == [("spread", "spread")]
    done = syrupc(*run)
    assert done.status == 0
    assert " unsafe, known  endless.py  spread " in done.out


@pytest.mark.parametrize("name", ["größe.py", os.fsdecode(b"\xff\xfe.py"), "two\nlines.py", "a\u202eb.py"])
def test_a_file_may_have_any_name(verify: Runner, folder: Path, name: str) -> None:
    (folder / "float.py").rename(folder / name)
    assert verify(UPDATE).status == 0
    assert [each["file"] for each in findings(folder)] == [name]
    assert len((folder / "known.json").read_text().splitlines()) == 6
    assert ("größe" in (folder / "known.json").read_text()) == (name == "größe.py")
    assert verify().status == 0


def test_that_a_file_cannot_be_read_is_never_accepted(syrupc: Runner, folder: Path) -> None:
    run = ("verify", "missing.py", "spread.py", "--baseline", "known.json")
    done = syrupc(*run, UPDATE)
    assert done.status == 2
    assert "known.json was not written: not every file could be judged" in done.out
    assert not (folder / "known.json").exists()


def test_a_baseline_that_is_not_there_is_told_with_what_writes_it(verify: Runner) -> None:
    done = verify()
    assert done.status == 2
    assert "error[SYR001]: there is no baseline `known.json` yet" in done.err
    assert "`syrupc verify --update-baseline . --baseline known.json`" in done.err
    assert "error[SYR101]" in done.err


def test_update_needs_a_baseline(syrupc: Runner) -> None:
    done = syrupc("verify", ".", UPDATE)
    assert (done.status, done.out) == (2, "")
    assert "--update-baseline needs --baseline" in done.err


def test_a_baseline_that_cannot_be_written_is_told(syrupc: Runner) -> None:
    done = syrupc("verify", ".", "--baseline", "none/known.json", UPDATE)
    assert done.status == 2
    assert "error[SYR002]: cannot write `none/known.json`" in done.err


ROW = '{"file": "a.py", "function": "f", "line": 1, "code": "SYR101", "program": "", "count": 1, "message": "no"}'


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("", "1:1", "expecting value"),
        ("[]", "1:1", "it is no object with `version` and `findings` alone"),
        ('{"version": 1}', "1:1", "it is no object with `version` and `findings` alone"),
        ('{"findings": [], "version": 2}', "1:18", "the version is 2, and 1 is what is read here"),
        ('{"version": 1,\n "findings": {}}', "2:2", "`findings` is no list"),
        ('{"version": 1,\n "findings": [\n<<<<<<< ours\n', "3:1", "expecting value"),
        ('{"version": 1, "findings": [\n  1]}', "2:3", "a finding is no object"),
        ('{"version": 1, "findings": [\n  {"file": "a.py"}]}', "2:3", "the finding lacks `function`"),
        (f'{{"version": 1, "findings": [\n  {ROW},\n  {ROW}]}}', "3:3", "the same finding stands here a second time"),
        ('{"version": 1, "findings": [' + ROW.replace('"line": 1', '"line": "1"') + "]}", "1:29", "`line` is"),
        ('{"version": 1, "findings": [' + ROW.replace("SYR101", "SYR999") + "]}", "1:29", "`SYR999` is no code"),
        (
            '{"version": 1, "findings": [' + ROW.replace('"count": 1', '"count": 0') + "]}",
            "1:29",
            "`count` is not above",
        ),
        ('{"version": 1, "findings": [' + ROW.replace('"count"', '"cnt": 1, "count"') + "]}", "1:29", "has no `cnt`"),
        ("[" * 100_000, "1:1", "it is nested too deeply"),
        ('{"version": ' + "1" * 5000 + "}", "1:1", "a number has too many digits"),
    ],
)
def test_a_malformed_baseline_is_told_with_its_place(
    verify: Runner, folder: Path, text: str, place: str, why: str
) -> None:
    (folder / "known.json").write_text(text)
    done = verify("--format", "github")
    assert done.status == 2
    told = next(line for line in done.out.splitlines() if "SYR006" in line)
    line, column = place.split(":")
    assert told.startswith(f"::error file=known.json,line={line},col={column},")
    assert "malformed baseline: " in told
    assert why in told
    assert "title=SYR101" in done.out


def test_bytes_that_are_no_text_are_told_with_their_place(verify: Runner, folder: Path) -> None:
    (folder / "known.json").write_bytes(b'{\n "\xff"')
    assert "--> known.json:2:3" in verify().err


# -- places ----------------------------------------------------------------------------------------------------------

SOURCE = """\
import syrup

TABLE: int = 4
turn = syrup.Array(
    syrup.u64, 1
)


@syrup.jit(
    hook="socket"
)
def f(pkt):
    return 1


class Rule:
    worker: int
"""


@pytest.mark.parametrize(
    ("line", "place"),
    [
        (1, NO_PLACE),
        (2, NO_PLACE),
        (3, Place("TABLE", 0)),
        (5, Place("turn", 1)),
        (9, Place("f", 0)),
        (13, Place("f", 4)),
        (17, Place("Rule", 1)),
        (99, NO_PLACE),
    ],
)
def test_a_line_of_source_is_told_from_what_is_declared_there(line: int, place: Place) -> None:
    assert in_source(SOURCE, line) == place


def test_a_source_that_does_not_parse_has_no_places() -> None:
    assert in_source("def f(:\n", 1) == NO_PLACE


def test_an_instruction_is_told_from_the_function_it_is_in() -> None:
    functions = (FunctionInfo(0, "main", 0), FunctionInfo(4, "helper", 0))
    lines = (LineInfo(0, "a.c", 10, 1, ""), LineInfo(4, "a.c", 3, 1, ""), LineInfo(6, "a.c", 5, 1, ""))
    program = Program("main", "xdp", (), (), functions, lines)
    bare = Program("main", "xdp", (), (), functions, ())
    assert in_program(program, 1, 12) == Place("main", 2)
    assert in_program(program, 6, 5) == Place("helper", 2)
    assert in_program(bare, 6, 0) == Place("helper", 2)
    assert in_program(program, -1, 0) == Place("main", 0)
