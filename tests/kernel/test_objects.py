"""Objects are plain BPF objects: other loaders take them as they are, and every tool shows the policy's Python."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import syrup
from syrupc.driver import compile_file, compile_source
from syrupc.frontend.source import PolicySource
from syrupc.options import Options
from tests.kernel.mounts import mounted_bpffs
from tests.kernel.services import own_group, port_of

pytestmark = pytest.mark.bpf
_EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("[!_]*.py"))
_LARGE = """import syrup


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    n = len(pkt.payload)
    return pkt.payload.u8(n - 1) + pkt.payload.be16(n // 2) - 257
"""


def _bpftool() -> str:
    found = shutil.which("bpftool") or shutil.which("bpftool", path="/usr/sbin")
    if found is None:
        pytest.skip("bpftool is not installed")
    return found


@pytest.mark.parametrize("path", _EXAMPLES, ids=lambda p: p.stem)
def test_bpftool_loads_an_object_as_it_is_and_shows_python(path: Path, tmp_path: Path, bpffs: Path) -> None:
    tool = _bpftool()
    target, pin = tmp_path / f"{path.stem}.bpf.o", bpffs / path.stem
    target.write_bytes(compile_file(path, Options()).object.data)
    subprocess.run([tool, "prog", "load", target, pin], check=True, capture_output=True)
    shown = subprocess.run([tool, "prog", "dump", "xlated", "pinned", pin], check=True, capture_output=True, text=True)
    assert f"; def {path.stem}(pkt: syrup.Packet) -> syrup.Executor:" in shown.stdout
    lines = {line.strip() for line in path.read_text().splitlines()}
    comments = [line[2:].strip() for line in shown.stdout.splitlines() if line.startswith("; ")]
    assert set(comments) <= lines
    info = subprocess.run([tool, "-j", "prog", "show", "pinned", pin], check=True, capture_output=True, text=True)
    assert json.loads(info.stdout)["name"] == path.stem[:15]


@pytest.fixture
def bpffs(tmp_path: Path) -> Iterator[Path]:
    with mounted_bpffs(tmp_path / "bpf") as mounted:
        yield mounted


@pytest.mark.parametrize("size", [2, 100, 1472, 9000, 20_000, 65_507])
def test_bytes_beyond_the_linear_part_are_read_too(size: int) -> None:
    verified = compile_source(PolicySource("large.py", _LARGE), Options())
    payload = bytearray([1]) * size
    payload[-1] = 5
    expected = payload[-1] + int.from_bytes(payload[size // 2 : size // 2 + 2], "big") - 257 if size > 2 else None
    with own_group(8) as workers, syrup.attach(verified, sockets=workers) as link:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(payload, ("127.0.0.1", port_of(workers[0])))
        stats = link.stats()
    if expected is None:
        assert [f.kind for f in stats.faults] == ["ShortPacket"]
    else:
        assert [expected] == [i for i, n in enumerate(stats.executors) if n]
