"""Commands whose standard streams are full or closed, and commands that are interrupted before they have begun."""

from __future__ import annotations

import subprocess
import sys

import pytest

COMMANDS = {
    "check": ["syrupc", "check", "examples/sita.py"],
    "json": ["syrupc", "check", "--format", "json", "examples/sita.py"],
    "object": ["syrupc", "compile", "-o", "-", "examples/sita.py"],
    "explain": ["syrupc", "explain"],
    "failed": ["syrup", "detach", "nobody", "--json"],
}
WRONG = ["syrupc", "check", "nowhere.py"]


def run(command: list[str], redirected: str) -> subprocess.CompletedProcess[str]:
    """A command given to a shell, with its streams redirected."""
    module, *arguments = command
    words = ["sh", "-c", f'exec "$@" {redirected}', "sh", sys.executable, "-m", module, *arguments]
    return subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(
    ("redirected", "why"), [(">/dev/full", "no space left on device"), (">&-", "bad file descriptor")]
)
def test_output_that_cannot_be_written_is_an_error_in_one_line(name: str, redirected: str, why: str) -> None:
    done = run(COMMANDS[name], redirected)
    assert (done.returncode, done.stderr) == (2, f"error[SYR002]: cannot write to standard output: {why}\n")


@pytest.mark.parametrize("redirected", ["2>/dev/full", "2>&-"])
def test_findings_that_cannot_be_told_leave_the_exit_status(redirected: str) -> None:
    done = run(WRONG, redirected)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")


@pytest.mark.parametrize("package", ["syrupc", "syrup"])
def test_interrupt_while_the_command_is_imported_is_no_traceback(package: str) -> None:
    script = f"""
import sys
from {package}.__main__ import main

class Interrupting:
    def find_spec(self, name, *_):
        if name == "{package}.cli":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupting())
main()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
