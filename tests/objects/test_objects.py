"""Whatever an object is, the commands say what is wrong with it: soon, in little memory, and in plain text."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syrupc.driver import compile_file
from syrupc.errors import ObjectError
from syrupc.objfile.metadata import encode_spec
from syrupc.objfile.model import Object
from syrupc.objfile.reader import read_object
from syrupc.options import Options
from syrupc.spec import FaultKind, FaultSite
from tests.objects import campaign
from tests.objects.crafted import CRAFTED
from tests.objects.examine import Examination
from tests.objects.layout import layout
from tests.objects.mutations import with_content
from tests.objects.seeds import POLICIES
from tests.objects.writer import program

_PATIENCE = 10.0
"""Seconds of computing for one step of one object; far more than it takes, on a slow machine too."""
_INPUTS = 4000
_FIRST = 0

_PROGRAM = program()


@pytest.fixture(scope="module")
def crafted() -> dict[str, Examination]:
    return campaign.examine_crafted(_PATIENCE)


@pytest.mark.parametrize("name", CRAFTED)
def test_a_crafted_object_costs_little_and_is_told_plainly(name: str, crafted: dict[str, Examination]) -> None:
    outcome, _ = CRAFTED[name]
    assert crafted[name] == Examination(outcome)


def test_objects_damaged_at_random_are_read_or_refused() -> None:
    share = campaign.run(campaign.originals(), _FIRST, _INPUTS)
    assert share.finds == {}
    assert share.done == _INPUTS
    # They are worth something: neither all refused nor all as good as before.
    judged = sum(count for outcome, count in share.outcomes.items() if not outcome.startswith("SYR"))
    assert _INPUTS // 10 < judged < _INPUTS * 9 // 10


def test_a_process_that_ends_by_itself_is_a_find(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "_work", _die_at_once)
    share = campaign.run([], 7, 2)
    assert share.finds == {"the process ends with status 3": (7, "")}
    assert share.done == 2


def _die_at_once(*_: object) -> None:
    os._exit(3)


# -- what an object says of itself -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ours() -> Object:
    return compile_file(POLICIES[0], Options()).object


@pytest.mark.parametrize(
    "change",
    [
        {"name": "nobody"},
        {"hook": "nowhere"},
        {"executors": "nothing"},
        {"counters": "nothing"},
        {"counters": "syrup_socket"},
        {"max_executors": 65},
        {"max_executors": -1},
        {"faults": (FaultSite(5, FaultKind.KEY, 1, 1),)},
        {"faults": (FaultSite(1 << 20, FaultKind.KEY, 1, 1),)},
    ],
    ids=lambda change: "".join(change),
)
def test_a_program_that_is_not_as_it_is_described_is_malformed(change: dict[str, Any], ours: Object) -> None:
    assert ours.spec
    spec = replace(ours.spec, programs=(replace(ours.spec.programs[0], **change),))
    with pytest.raises(ObjectError) as caught:
        read_object(with_content(ours.data, ".syrup", encode_spec(spec)))
    assert caught.value.diagnostics[0].notes[0].endswith("is not what its section .syrup says")


def test_running_a_program_that_is_none_is_told(tmp_path: Path, ours: Object) -> None:
    code = layout(ours.data).code[0]
    path = tmp_path / "x.o"
    path.write_bytes(ours.data[: code.offset] + b"\xff" * 8 + ours.data[code.offset + 8 :])
    line = [sys.executable, "-m", "syrupc", "run", str(path), "--packet", "00"]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "error[SYR003]: the program cannot be run" in done.stderr


# -- what a path can lead to -------------------------------------------------------------------------------------------


def say(command: str, path: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    line = [sys.executable, "-m", "syrupc", command, path]
    return subprocess.run(line, input=given, capture_output=True, timeout=60)


@contextmanager
def pipe(path: Path, content: bytes) -> Iterator[str]:
    """A named pipe that somebody writes to."""
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(content,))
    writer.start()
    yield str(path)
    writer.join(60)


@pytest.mark.parametrize("command", ["verify", "disasm"])
@pytest.mark.parametrize(("path", "status"), [("/dev/zero", 2), ("/dev/null", 1), ("no such file", 2)])
def test_a_path_that_leads_to_no_object_is_told(command: str, path: str, status: int) -> None:
    done = say(command, path)
    assert (done.returncode, done.stdout) == (status, b"")
    assert done.stderr.startswith(b"error[SYR")


@pytest.mark.parametrize("command", ["verify", "disasm"])
def test_an_object_may_come_through_a_pipe(command: str, tmp_path: Path) -> None:
    with pipe(tmp_path / "x.o", _PROGRAM) as path:
        done = say(command, path)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout


@pytest.mark.parametrize(
    ("given", "status"), [(_PROGRAM, 0), (_PROGRAM[:-1], 1), (b"", 1)], ids=["whole", "cut", "empty"]
)
def test_an_object_may_come_from_standard_input(given: bytes, status: int) -> None:
    done = say("verify", "/dev/stdin", given)
    assert done.returncode == status
    assert bool(done.stderr) == bool(status)


def test_a_name_that_steers_a_terminal_is_shown_harmlessly(tmp_path: Path) -> None:
    path = tmp_path / "x.o"
    path.write_bytes(program(name=b"\x1b[2Jdecide\n\xff"))
    for command in ("verify", "disasm"):
        done = say(command, str(path))
        assert done.returncode == 0
        assert "\u241b[2Jdecide\u240a" in done.stdout.decode()
        assert done.stdout.count(b"\n") == len(done.stdout.decode().splitlines())
