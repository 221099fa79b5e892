"""What the running kernel is found to offer is what it is known to offer, and `syrup features` says so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from syrup import cli, host
from syrup._sys import inventory
from syrupc.kernel.host import differences, parse
from syrupc.kernel.profiles import NAMES, profile
from syrupc.kernel.program_types import BY_NAME
from syrupc.kernel.release import release
from tests.kernel.services import without_capabilities

pytestmark = pytest.mark.bpf


ON_CONFIGURATION = ("probe_write_user", "override_return")
"""What the tables leave out: kernels have these helpers or not as they were built, and for some users."""


def test_the_tables_are_right_about_the_running_kernel() -> None:
    found = host.probe()
    nearest = max((name for name in NAMES if release(name) <= found.release), key=release)
    apart = differences(found, profile(nearest))
    # A kernel may be built without whole types, but what is there has the helpers that its release has.
    assert [each for each in apart if each.startswith("lacks helper")] == []
    if release(nearest) == found.release:
        assert [each for each in apart if each.startswith("has ") and not each.endswith(ON_CONFIGURATION)] == []


def test_what_no_kernel_has_is_not_found() -> None:
    assert not inventory.has_program_type(4095)
    assert not inventory.has_map_type(4095)
    assert not inventory.has_helper(BY_NAME["xdp"].number, 4095)
    assert not inventory.has_helper(BY_NAME["xdp"].number, 82)  # sk_select_reuseport
    assert inventory.has_helper(BY_NAME["sk_reuseport"].number, 82)
    assert inventory.kernel_names(("no_such_function_anywhere",)) == frozenset()


def test_features_shows_the_kernel_and_writes_its_profile(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "host.json"
    assert cli.run(["features", "--profile", str(file)]) == 0
    out = capsys.readouterr().out
    found = parse(str(file), file.read_text())
    assert out.startswith(f"Linux {found.kernel} on {found.machine}\n")
    assert f"wrote {file}: " in out
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line.startswith(" ")}
    assert rows["sk_reuseport"] == ["4.19", "yes", str(len(found.helpers["sk_reuseport"]))]
    assert rows["hash"] == ["3.19", "yes"]
    assert found == host.probe()


def test_features_shows_who_may_call_a_helper(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["features", "--helpers"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["sk_select_reuseport", "4.19", "sk_reuseport"] in rows
    assert ["map_lookup_elem", "3.19", "all"] in rows
    assert ["copy_from_user", "5.10", "-"] in rows


def test_features_says_the_same_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["features", "--json", "--profile", str(tmp_path / "host.json")]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads((tmp_path / "host.json").read_text())


def test_a_profile_that_cannot_be_written_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["features", "--profile", f"{tmp_path}/none/host.json"]) == 2
    assert "error[SYR002]: cannot write " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("kept", "missing"),
    [((), "CAP_BPF"), (("bpf",), "CAP_NET_ADMIN"), (("bpf", "net_admin"), "CAP_PERFMON")],
)
def test_without_the_rights_nothing_is_taken_for_absent(kept: tuple[str, ...], missing: str) -> None:
    command = [*without_capabilities(*kept), sys.executable, "-c", "from syrup.cli import main; main()", "features"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"error[SYR601]: this process does not have {missing} (or CAP_SYS_ADMIN)")


def test_a_kernel_that_is_too_old_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    class Old:
        release, machine = "5.4.0", "x86_64"

    monkeypatch.setattr(os, "uname", Old)
    assert cli.run(["features"]) == 1
    assert "error[SYR602]: this kernel calls itself `5.4.0`" in capsys.readouterr().err
