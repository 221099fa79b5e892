"""The borders between the packages hold (setup.cfg, `[importlinter…]`), and modules keep to the house style."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOTS = ("syrupc", "runtime/syrup", "benchmarks")
MAX_LINES = 600


def modules(repository: Path) -> list[Path]:
    return sorted(path for root in ROOTS for path in (repository / root).rglob("*.py"))


def test_every_import_contract_is_kept(repository: Path) -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 broken" in done.stdout


def test_every_module_opens_with_a_sentence(repository: Path) -> None:
    bare = [str(path) for path in modules(repository) if not ast.get_docstring(ast.parse(path.read_text()))]
    assert bare == []


def test_no_module_is_long(repository: Path) -> None:
    long = [str(path) for path in modules(repository) if path.read_text().count("\n") > MAX_LINES]
    assert long == []


@pytest.mark.parametrize("word", ["TO" + "DO", "FIX" + "ME", "NotImplemented" + "Error"])
def test_nothing_is_left_for_later(repository: Path, word: str) -> None:
    assert [str(path) for path in modules(repository) if word in path.read_text()] == []


def test_only_the_command_lines_read_the_environment(repository: Path) -> None:
    readers = [path for path in modules(repository) if re.search(r"\b(environ|getenv)\b", path.read_text())]
    found = {str(path.relative_to(repository)) for path in readers}
    assert {path for path in found if not path.startswith("benchmarks/")} <= {"syrupc/cli.py", "runtime/syrup/cli.py"}
