"""The rules for every test (tests/conftest.py) hold: skips, descriptors."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


def outcome(repository: Path, directory: Path, source: str, *, strict: bool) -> tuple[int, str]:
    """Exit status and output of a pytest run over one test file."""
    (directory / "test_it.py").write_text(source)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider", "test_it.py"]
    environment = {**os.environ, "PYTHONPATH": str(repository), "SYRUP_CI": "1" if strict else ""}
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


SKIPS = {
    "marker": "import pytest\n@pytest.mark.skip(reason='{}')\ndef test_it(): ...\n",
    "call": "import pytest\ndef test_it(): pytest.skip('{}')\n",
    "module": "import pytest\npytest.skip('{}', allow_module_level=True)\n",
}


@pytest.mark.parametrize("source", SKIPS.values(), ids=SKIPS)
def test_a_skip_is_a_failure_in_ci_only(repository: Path, tmp_path: Path, source: str) -> None:
    source = source.format("tool missing")
    assert outcome(repository, tmp_path, source, strict=False)[0] in (0, pytest.ExitCode.NO_TESTS_COLLECTED)
    status, text = outcome(repository, tmp_path, source, strict=True)
    assert status != 0
    assert "was skipped, which is a failure with SYRUP_CI=1: tool missing" in text


@pytest.mark.parametrize("source", [SKIPS["marker"], SKIPS["call"]], ids=["marker", "call"])
def test_a_machine_without_bpf_is_a_reason_to_skip(repository: Path, tmp_path: Path, source: str) -> None:
    source = source.format("BPF programs cannot be loaded here: Operation not permitted")
    assert outcome(repository, tmp_path, source, strict=True)[0] == 0


def test_an_expected_failure_is_not_a_skip(repository: Path, tmp_path: Path) -> None:
    source = "import pytest\n@pytest.mark.xfail(reason='known')\ndef test_it(): assert 0\n"
    assert outcome(repository, tmp_path, source, strict=True)[0] == 0


def test_a_leaked_descriptor_fails_the_test(repository: Path, tmp_path: Path) -> None:
    status, text = outcome(repository, tmp_path, "import os\ndef test_it(): os.pipe()\n", strict=False)
    assert status != 0
    assert "left file descriptors open" in text
    assert "pipe:[" in text
