"""Commands whose standard streams are full or closed, and commands that are interrupted before they have begun."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from syrupc.interrupts import ending_at_once

COMMANDS = {
    "check": ["syrupc", "check", "examples/sita.py"],
    "json": ["syrupc", "check", "--format", "json", "examples/sita.py"],
    "object": ["syrupc", "compile", "-o", "-", "examples/sita.py"],
    "explain": ["syrupc", "explain"],
    "table": ["syrupc", "verify", "examples/sita.py"],
    "failed": ["syrup", "detach", "nobody", "--json"],
    **{f"{name} {flag}": [name, flag] for name in ("syrupc", "syrup") for flag in ("--help", "--version")},
    "help of a command": ["syrup", "attach", "--help"],
}
WRONG = {
    "check": ["syrupc", "check", "nowhere.py"],
    "verify": ["syrupc", "verify", "nowhere.py"],
    "usage of syrupc": ["syrupc", "nonsense"],
    "usage of syrup": ["syrup", "attach"],
}


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


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("redirected", ["2>/dev/full", "2>&-"])
def test_findings_that_cannot_be_told_leave_the_exit_status(name: str, redirected: str) -> None:
    done = run(WRONG[name], redirected)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "")


@pytest.mark.parametrize("package", ["syrupc", "syrup", "benchmarks.demo"])
def test_interrupt_while_the_command_is_imported_ends_it_without_a_word(package: str) -> None:
    script = f"""
import os, signal, sys
from {package}.__main__ import main

class Interrupting:
    def find_spec(self, name, *_):
        if name in ("{package}.cli", "{package}.command"):
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
main()
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")


def test_an_interrupt_that_is_ignored_stays_so_and_is_python_s_again_after_the_imports() -> None:
    for handler in (signal.SIG_IGN, signal.default_int_handler):
        before = signal.signal(signal.SIGINT, handler)
        try:
            with ending_at_once():
                meanwhile = signal.getsignal(signal.SIGINT)
            assert meanwhile is (signal.SIG_IGN if handler is signal.SIG_IGN else signal.SIG_DFL)
            assert signal.getsignal(signal.SIGINT) is handler
        finally:
            signal.signal(signal.SIGINT, before)
