"""Real services for the runtime's tests: sockets of this process, and workers that know nothing of policies."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

HOST = "127.0.0.1"
DEADLINE = 10.0
_WORKER = Path(__file__).with_name("echo_worker.py")


def udp_socket(port: int = 0, host: str = HOST, *, reuse_port: bool = True) -> socket.socket:
    """A bound UDP socket, by default in a reuse-port group."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(reuse_port))
    made.bind((host, port))
    made.settimeout(DEADLINE)
    return made


def port_of(sock: socket.socket) -> int:
    return int(sock.getsockname()[1])


@contextmanager
def own_group(count: int, host: str = HOST, port: int = 0) -> Iterator[list[socket.socket]]:
    """A reuse-port group of this process's own sockets."""
    made = [udp_socket(port, host)]
    try:
        made += [udp_socket(port_of(made[0]), host) for _ in range(count - 1)]
        yield made
    finally:
        for each in made:
            each.close()


def waiting(sockets: Sequence[socket.socket]) -> list[int]:
    """How many datagrams wait at each socket; they are taken out."""
    return [_drain(each) for each in sockets]


def _drain(sock: socket.socket) -> int:
    count = 0
    sock.setblocking(False)
    try:
        while True:
            sock.recv(2048)
            count += 1
    except BlockingIOError:
        return count
    finally:
        sock.settimeout(DEADLINE)


def send(port: int, datagrams: Sequence[bytes], host: str = HOST) -> None:
    """Send from one flow; loopback delivers before `sendto` returns."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for datagram in datagrams:
            sender.sendto(datagram, (host, port))


def send_from_many_flows(port: int, flows: int = 64, host: str = HOST) -> None:
    for _ in range(flows):
        send(port, [b"\0"], host)


def spread(sockets: Sequence[socket.socket], host: str = HOST) -> bool:
    """Whether 64 flows reach more than one socket, as the kernel's hash lets them and a constant policy does not."""
    send_from_many_flows(port_of(sockets[0]), host=host)
    return sum(count > 0 for count in waiting(sockets)) > 1


def until(happened: Callable[[], bool], what: str) -> None:
    """Ask again and again, up to a deadline. Asking has an effect that can be waited for, such as a round trip."""
    end = monotonic() + DEADLINE
    while not happened():
        assert monotonic() < end, f"{what}: not within {DEADLINE} s"


@dataclass
class Worker:
    """A process with one echoing socket: it answers with its own number, then the datagram."""

    process: subprocess.Popen[str]
    port: int = 0

    def bound(self) -> int:
        """Wait until the worker has bound its socket; its port."""
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        return self.port

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(DEADLINE)

    def close(self) -> None:
        self.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()


@contextmanager
def workers(count: int, *options: str, host: str = HOST) -> Iterator[tuple[int, list[Worker]]]:
    """Worker processes at one port, started one after the other, and that port. They end with this process."""
    with joining(0, count, *options, host=host) as started:
        yield started[0].port, started


@contextmanager
def joining(port: int, count: int, *options: str, host: str = HOST) -> Iterator[list[Worker]]:
    """More worker processes at a port; 0 stands for any that is free."""
    started: list[Worker] = []
    try:
        for number in range(count):
            started.append(_spawn(host, port, number, options))
            port = started[-1].bound()
        yield started
    finally:
        for each in started:
            each.close()


def _spawn(host: str, port: int, number: int, options: Sequence[str]) -> Worker:
    prefix = without_capabilities() if "powerless" in options else []
    prefix += ["unshare", "--net"] if "elsewhere" in options else []
    command = [*prefix, sys.executable, "-I", "-S", str(_WORKER), host, str(port), str(number), *options]
    return Worker(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))


def without_capabilities(*kept: str) -> list[str]:
    """The beginning of a command that shall have no capability but these, still as this user."""
    setpriv = shutil.which("setpriv")
    assert setpriv, "setpriv is part of util-linux"
    wanted = "".join(f",+{each}" for each in kept)
    return [setpriv, f"--inh-caps=-all{wanted}", f"--bounding-set=-all{wanted}"]


@contextmanager
def client(port: int, host: str = HOST) -> Iterator[Callable[[bytes], int]]:
    """Ask the service: what is sent comes back from the worker whose number is the result."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(DEADLINE)

        def ask(datagram: bytes) -> int:
            sock.sendto(datagram, (host, port))
            answer = sock.recv(4096)
            assert answer[1:] == datagram
            return answer[0]

        yield ask
