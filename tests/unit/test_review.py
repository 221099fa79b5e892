"""`syrupc verify` over many files: every one is judged, and one page says what came of all."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from syrupc.render import MAX_DIAGNOSTICS
from syrupc.report import sentence
from syrupc.summary import MAX_ROWS
from syrupc.verifier import Outcome
from syrupc.verifier.verdict import ProgramVerdict
from tests.unit.commands import POLICY, Runner
from tests.unit.objfile.llvm import assemble

FLOAT = POLICY.replace("% 5", "/ 5")


def test_a_folder_is_verified_with_what_was_passed_over(syrupc: Runner, folder: Path) -> None:
    (folder / "service.py").write_text("import os\n")
    syrupc("compile", "spread.py")
    done = syrupc("verify", ".")
    assert (done.status, done.err) == (0, "")
    assert "2 programs in 2 files: 2 accepted, 1 file passed over; " in done.out


def test_the_line_of_a_program_has_its_bounds(syrupc: Runner) -> None:
    verdict = json.loads(syrupc("check", "spread.py", "--format", "json").out)["verdicts"][0]
    row = syrupc("verify", "spread.py").out.splitlines()[1].split()
    assert row[:-1] == [
        "accepted",
        "spread.py",
        "spread",
        *(str(verdict[each]) for each in ("executed", "duration", "processed", "stack")),
    ]
    assert float(row[-1]) > 0


def test_a_file_that_cannot_be_read_hides_no_findings_of_others(syrupc: Runner, folder: Path) -> None:
    (folder / "float.py").write_text(FLOAT)
    (folder / "x.o").write_bytes(b"junk")
    done = syrupc("verify", "missing.py", "float.py", "none/*.o", "x.o", "spread.py")
    assert done.status == 2
    for code in ("SYR001", "SYR005", "SYR101", "SYR401"):
        assert f"error[{code}]" in done.err
    verdicts = [line.split()[:2] for line in done.out.splitlines()[1:-1]]
    assert verdicts == [["not", "read"], ["rejected", "float.py"], ["rejected", "x.o"], ["accepted", "spread.py"]]
    assert "1 program in 4 files: 1 accepted, 3 files without a verdict; " in done.out


def test_what_no_line_of_source_is_known_of_lies_in_the_file_itself(syrupc: Runner, folder: Path) -> None:
    (folder / "x.o").write_bytes(b"junk")
    assert "--> x.o:1:1" in syrupc("verify", "x.o").err
    assert syrupc("verify", "x.o", "--format", "github").out.startswith("::error file=x.o,line=1,")


def test_what_is_shown_of_a_thousand_files_is_bounded(syrupc: Runner, folder: Path) -> None:
    for number in range(1000):
        (folder / f"junk{number}.o").write_bytes(b"junk")
    done = syrupc("verify", ".")
    assert done.status == 1
    assert len(done.out.splitlines()) == 1 + MAX_ROWS + 2
    assert f" ... and {1001 - MAX_ROWS} more lines" in done.out
    assert done.err.count("error[SYR401]") == MAX_DIAGNOSTICS
    assert f"... and {1000 - MAX_DIAGNOSTICS} more" in done.err
    workflow = syrupc("verify", ".", "--format", "github").out
    assert workflow.count("::error ") == MAX_DIAGNOSTICS
    assert f"::... and {1000 - MAX_DIAGNOSTICS} more\n" in workflow
    assert len(json.loads(syrupc("verify", ".", "--format", "json").out)["diagnostics"]) == 1000


def test_of_many_lines_those_that_are_not_accepted_stay(syrupc: Runner, folder: Path) -> None:
    for number in range(MAX_ROWS):
        (folder / f"a{number}.py").write_text(POLICY.replace("% 5", "% 6"))
    (folder / "z.o").write_bytes(b"junk")
    out = syrupc("verify", "spread.py", ".").out
    assert "z.o" in out
    assert "spread.py" not in out


def test_machines_get_files_and_times(syrupc: Runner, folder: Path) -> None:
    (folder / "float.py").write_text(FLOAT)
    (folder / "plain.py").write_text("")
    found = json.loads(syrupc("verify", ".", "--format", "json").out)
    assert [(each["file"], each["status"]) for each in found["files"]] == [("float.py", 1), ("spread.py", 0)]
    assert all(each["ms"] > 0 for each in found["files"])
    assert found["passed_over"] == ["plain.py"]


def test_an_unknown_kernel_is_told_once(syrupc: Runner) -> None:
    done = syrupc("verify", ".", "spread.py", "--kernel", "2.4")
    assert (done.status, done.out) == (2, "")
    assert done.err.count("error[SYR003]") == 1


def test_how_far_it_has_come_is_shown_on_a_terminal_and_nowhere_else(syrupc: Runner, folder: Path) -> None:
    syrupc("compile", "spread.py")
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "syrupc", "verify", "spread.bpf.o", "spread.py", "--color", "never"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=environment, cwd=folder) as process:
        os.close(theirs)
        out, _ = process.communicate(timeout=60)
        shown = os.read(ours, 65536)
        os.close(ours)
    assert b"verifying" in shown
    assert out.startswith(b" verdict ")
    done = subprocess.run(command, capture_output=True, env=environment, cwd=folder, check=False)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_limit_of_instructions_is_held_in_policies_and_objects(syrupc: Runner) -> None:
    syrupc("compile", "spread.py")
    executed = json.loads(syrupc("check", "spread.py", "--format", "json").out)["verdicts"][0]["executed"]
    assert syrupc("verify", "spread.py", "spread.bpf.o", "--max-cost", str(executed)).status == 0
    done = syrupc("verify", "spread.py", "spread.bpf.o", "--max-cost", str(executed - 1))
    assert done.status == 1
    assert done.err.count(f"error[SYR526]: a run may take {executed} instructions") == 2
    assert "2 programs in 2 files: 0 accepted, 2 not; " in done.out
    assert syrupc("verify", "spread.py", "--max-cost", "0").status == 2


UNMEASURED = """
target triple = "bpfel"
define i64 @late(ptr %context) section "xdp" {
  %jiffies = inttoptr i64 118 to ptr
  %now = call i64 %jiffies()
  %odd = and i64 %now, 1
  ret i64 %odd
}
"""


def test_what_was_never_measured_has_no_estimate(syrupc: Runner, folder: Path) -> None:
    (folder / "late.o").write_bytes(assemble(UNMEASURED))
    row = syrupc("verify", "late.o").out.splitlines()[1].split()
    assert row[:5] == ["accepted", "late.o", "late", "3", "-"]
    (verdict,) = json.loads(syrupc("verify", "late.o", "--format", "json").out)["verdicts"]
    assert (verdict["executed"], verdict["duration"]) == (3, None)


def test_a_sentence_has_the_estimate_if_there_is_one() -> None:
    accepted = ProgramVerdict("p", Outcome.ACCEPTED, executed=25, duration=40, processed=32, stack=16)
    rest = "16 bytes of stack, the kernel walks 32 to check it"
    assert sentence("x.o", accepted) == (
        f"x.o: p: accepted; a run takes at most 25 instructions, about 40 ns, and {rest}"
    )
    assert sentence("x.o", replace(accepted, duration=None)) == (
        f"x.o: p: accepted; a run takes at most 25 instructions and {rest}"
    )
