"""Where something is missing, `make` names it and what to type; where all is there, it says what it can do."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

MAKE = shutil.which("make")
pytestmark = pytest.mark.skipif(MAKE is None, reason="make is not installed")


def make(repository: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`make` in a folder that has nothing but what it reads, so that nothing is set up."""
    for name in ("Makefile", "setup.cfg", "pyproject.toml"):
        shutil.copy(repository / name, folder)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = [str(MAKE), "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def python_that(folder: Path, *, fails_on: str, version: str = "Python 3.13.0") -> str:
    """A stand-in for an interpreter that cannot run programs with certain words in them."""
    fake = folder / "python"
    fake.write_text(f'#!/bin/sh\ncase "$*" in *{fails_on}*) exit 1;; -V) echo {version};; esac\n')
    fake.chmod(0o755)
    return f"PYTHON={fake}"


@pytest.mark.parametrize("target", ["demo", "test", "check", "bench"])
def test_a_missing_interpreter_is_named_with_what_to_type(repository: Path, tmp_path: Path, target: str) -> None:
    done = make(repository, tmp_path, target, "PYTHON=python3.none")
    assert done.returncode == 2
    assert "python3.none is missing; type: " in done.stderr
    assert "apt-get install python3 python3-venv" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_an_old_interpreter_is_named(repository: Path, tmp_path: Path) -> None:
    python = python_that(tmp_path, fails_on="version_info", version="Python 3.9.2")
    done = make(repository, tmp_path, "demo", python)
    assert done.returncode == 2
    assert "is Python 3.9.2, but 3.11 or newer is needed" in done.stderr


def test_a_missing_venv_module_is_named(repository: Path, tmp_path: Path) -> None:
    done = make(repository, tmp_path, "demo", python_that(tmp_path, fails_on="ensurepip"))
    assert done.returncode == 2
    assert re.search(r"python3-venv is missing; type: .*apt-get install python3-venv", done.stderr)


def test_help_is_the_default_and_lists_every_target(repository: Path, tmp_path: Path) -> None:
    done = make(repository, tmp_path)
    targets = re.findall(r"^(\w+):", (repository / "Makefile").read_text(), re.MULTILINE)
    assert done.returncode == 0
    assert {line.split()[1] for line in done.stdout.splitlines()} == set(targets) - {"help"}


def test_the_gate_of_changes_checks_and_tests_and_lets_no_skip_pass(repository: Path) -> None:
    text = (repository / ".ci" / "run").read_text()
    assert os.access(repository / ".ci" / "run", os.X_OK)
    assert "set -euo pipefail" in text
    assert re.search(r"^make check$.*^SYRUP_CI=1 make test$", text, re.MULTILINE | re.DOTALL)
