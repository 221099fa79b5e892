"""A fault of this project is told as such: where, and how to report it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from syrupc.codes import TITLES
from syrupc.crash import internal_error
from syrupc.errors import InternalError
from syrupc.spec import PASS, IntType

BITS: Any = "8"  # a fault: a number is expected


def crash(action: Callable[[], object]) -> InternalError:
    try:
        action()
    except Exception as error:
        return internal_error(error, "compiling p.py")
    raise AssertionError("nothing was raised")


def test_the_stage_is_the_innermost_of_our_modules() -> None:
    (diagnostic,) = crash(lambda: IntType("x", BITS, True).minimum + PASS).diagnostics
    assert diagnostic.code in TITLES
    assert diagnostic.message.startswith("compiling p.py failed in spec: TypeError: ")
    assert "\n" not in diagnostic.message


def test_a_crash_outside_our_modules_is_the_command_lines() -> None:
    (diagnostic,) = crash(lambda: 1 // 0).diagnostics
    assert "failed in the command line: ZeroDivisionError" in diagnostic.message


def test_the_report_names_versions_and_frames_but_no_folder_of_the_machine() -> None:
    (diagnostic,) = crash(lambda: IntType("x", BITS, True).minimum).diagnostics
    assert any(line.startswith("syrupc/spec.py:") for line in diagnostic.details)
    assert any("Python 3" in line for line in diagnostic.details)
    assert not any(line.startswith("/") for line in diagnostic.details)
    assert any("report it" in line for line in diagnostic.help)


def test_a_long_message_is_cut() -> None:
    def fail() -> None:
        raise ValueError("x\n" * 10_000)

    (diagnostic,) = crash(fail).diagnostics
    assert len(diagnostic.message) < 500
