"""`python -m benchmarks.demo` as users run it, where the kernel is not to be had."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = [sys.executable, "-m", "benchmarks.demo", "--interpreter", "--repetitions", "1", "--seconds", "0.2"]
POLICIES = ["default", "round_robin", "flow_hash", "sita", "scan_avoid", "tokens", "key_hash"]


def test_the_first_line_says_that_it_is_not_the_kernel(repository: Path) -> None:
    done = subprocess.run(DEMO, capture_output=True, text=True, check=False, cwd=repository)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Running in the project's own interpreter, not in the kernel: as asked for")
    assert "Simulated" in done.stdout
    rows = [line.split()[0] for line in done.stdout.splitlines() if line.split()[:1] and line.split()[0] in POLICIES]
    assert rows == POLICIES


def test_json_goes_to_the_standard_output_alone(repository: Path) -> None:
    done = subprocess.run([*DEMO, "--json", "-"], capture_output=True, text=True, check=True, cwd=repository)

    found = json.loads(done.stdout)
    assert found["ground"] == "interpreter"
    assert [row["policy"] for row in found["rows"]] == POLICIES
    assert "round_robin" in done.stderr


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (["--repetitions", "0"], "--repetitions: 0 is not 1 or more"),
        (["--seconds", "0"], "--seconds: 0 is not a time, more than 0"),
        (["--seconds", "inf"], "--seconds: inf is not a time, more than 0"),
        (["--seed", "-1"], "--seed: -1 is not 1 or more"),
        (["--json", "/nowhere/figures.json"], "cannot write /nowhere/figures.json: No such file or directory"),
    ],
)
def test_what_cannot_be_measured_or_written_is_said_before_anything_runs(
    repository: Path, wrong: list[str], said: str
) -> None:
    done = subprocess.run([*DEMO, *wrong], capture_output=True, text=True, check=False, cwd=repository)

    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
