"""Headers of real packets: decisions by them are those of plain Python, over loopback and between namespaces."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.bpf
_SCRIPT = Path(__file__).with_name("two_namespaces.py")


@pytest.fixture(scope="module")
def decisions() -> list[list[str]]:
    done = subprocess.run(
        ["unshare", "--net", sys.executable, str(_SCRIPT)], capture_output=True, text=True, check=False, timeout=100
    )
    assert not done.returncode, done.stderr
    found: list[list[str]] = json.loads(done.stdout)
    return found


def test_the_kernel_decides_on_packets_of_another_namespace_as_python_does(decisions: list[list[str]]) -> None:
    assert len(decisions) == 4 * 6
    for policy, source, kernel, python in decisions:
        assert (policy, source, kernel) == (policy, source, python)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("by_sender", {"10.55.0.2": "2", "10.55.0.7": "7", "10.55.1.6": "6", "fd55::2": "2", "fd55::7": "7"}),
        ("by_distance", {"10.55.0.2": "0", "10.55.0.7": "3", "10.55.1.6": "7", "fd55::7": "5", "fd55::1:0:0:6": "1"}),
        ("by_class", {"10.55.0.7": "6", "10.55.1.6": "0", "fd55::7": "2", "fd55::1:0:0:6": "7"}),
        ("only_here", {"10.55.0.2": "0", "10.55.0.7": "1", "10.55.1.6": "DROP", "fd55::2": "NoHeader"}),
    ],
)
def test_what_is_decided(decisions: list[list[str]], policy: str, expected: dict[str, str]) -> None:
    found = {source: kernel for name, source, kernel, _ in decisions if name == policy}
    assert expected == {source: found[source] for source in expected}
