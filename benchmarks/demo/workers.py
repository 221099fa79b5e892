"""The demo service's processes: started one after another, each when the one before is ready, and always ended."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HOST = "127.0.0.1"
_ROOT = Path(__file__).resolve().parents[2]
_GRACE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Service:
    """A running service: where it listens, and the process of each worker, in the order of their start."""

    port: int
    pids: tuple[int, ...]


@contextlib.contextmanager
def running(workers: int, get_us: int, scan_us: int, status_fd: int | None = None) -> Iterator[Service]:
    """Start the workers; on the way out, end them. `status_fd` is shared memory for what each is serving."""
    port = free_port()
    with contextlib.ExitStack() as stack:
        pids = [stack.enter_context(_worker(port, index, get_us, scan_us, status_fd)).pid for index in range(workers)]
        yield Service(port, tuple(pids))


def free_port() -> int:
    """A UDP port that nobody has now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((HOST, 0))
        port = sock.getsockname()[1]
        assert isinstance(port, int)
        return port


@contextlib.contextmanager
def _worker(
    port: int, index: int, get_us: int, scan_us: int, status_fd: int | None
) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "benchmarks.demo.service", "--host", HOST, "--port", str(port)]
    command += ["--worker", str(index), "--get-us", str(get_us), "--scan-us", str(scan_us)]
    passed = () if status_fd is None else (status_fd,)
    if status_fd is not None:
        command += ["--status-fd", str(status_fd)]
    # In a session of its own: Ctrl-C is for whoever started the service, who then ends it.
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_ROOT, pass_fds=passed, start_new_session=True
    )
    try:
        _wait_until_ready(process, index)
        yield process
    finally:
        _end(process)


def _wait_until_ready(process: subprocess.Popen[bytes], index: int) -> None:
    assert process.stdout is not None
    if process.stdout.readline() != b"ready\n":
        raise RuntimeError(f"worker {index} of the service did not start (exit status {process.wait()})")


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    try:
        process.wait(_GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()
