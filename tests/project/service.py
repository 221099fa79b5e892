"""A service for the examples in documents: UDP workers on one port, one process each, which know nothing of Syrup.

    service --port 9000 --workers 6

Returns when all sockets are bound. The workers stay until they are told to end; `service.pid` has their process ids.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
from pathlib import Path
from typing import NoReturn


def main() -> None:
    options = _options()
    inherited = _bound(options.port, reuse_port=True) if options.shared else None
    for _ in range(options.workers):
        _start(options, inherited)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--without-reuse-port", action="store_true")
    parser.add_argument("--shared", action="store_true", help="all workers have the same socket")
    parser.add_argument("--user", type=int, help="whose the workers are")
    return parser.parse_args()


def _bound(port: int, *, reuse_port: bool) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if reuse_port:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(("127.0.0.1", port))
    return made


def _start(options: argparse.Namespace, inherited: socket.socket | None) -> None:
    """Fork one worker, and wait until its socket is bound."""
    bound, binds = os.pipe()
    child = os.fork()
    if child == 0:
        _work(options, inherited, binds)
    os.close(binds)
    if os.read(bound, 1) != b"+":
        raise SystemExit("the worker could not bind its socket")
    os.close(bound)
    with Path("service.pid").open("a") as file:
        file.write(f"{child}\n")


def _work(options: argparse.Namespace, inherited: socket.socket | None, binds: int) -> NoReturn:
    """A process that keeps its socket open and waits for its end. The shell's pipes are not kept open."""
    os.setsid()
    if options.user is not None:
        os.setgroups([])
        os.setresuid(options.user, options.user, options.user)
    own = inherited or _bound(options.port, reuse_port=not options.without_reuse_port)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in range(3):
        os.dup2(nothing, standard)
    os.write(binds, b"+")
    signal.pause()
    raise SystemExit(own.fileno())


if __name__ == "__main__":
    main()
