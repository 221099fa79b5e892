"""One worker of a UDP key-value service: a process with one `SO_REUSEPORT` socket, which knows nothing of Syrup.

    python -m benchmarks.demo.service --port 9000 --worker 0

Requests are served one after the other, in the order of arrival. Each is really answered from the store; with
`--get-us` and `--scan-us` the worker then waits until the request has taken that long, as if a backend had to answer
first. That wait is an emulation: it lets many workers overlap on few cores.

With `--status-fd` the worker publishes what it serves: it stores the request's kind at index `worker` of an array of
64-bit integers in shared memory, and 0 when it is done.

When it is ready the worker prints `ready`; it ends when its standard input closes.
"""

from __future__ import annotations

import argparse
import contextlib
import mmap
import os
import socket
import sys
import threading
import time
from dataclasses import dataclass
from typing import NoReturn

from benchmarks.demo.protocol import GET, SCAN, pack, unpack
from benchmarks.demo.store import Store, answer, filled

_RECEIVE_BUFFER = 4 << 20
_LARGEST = 2048


@dataclass(frozen=True, slots=True)
class Worker:
    """What one worker is told: its place, its status page, how long a request of each kind takes."""

    index: int
    status: memoryview
    takes_ns: dict[int, int]


def main() -> None:
    options = _options()
    threading.Thread(target=_end_with_input, daemon=True).start()
    store = filled()
    try:
        status = _status_page(options.status_fd, options.worker)
        sock = _listen(options.host, options.port)
    except OSError as error:
        sys.exit(f"worker {options.worker}: {error}")
    with contextlib.suppress(BrokenPipeError):  # nobody waits any more: the end of the input comes next
        print("ready", flush=True)
    serve(sock, store, Worker(options.worker, status, {GET: options.get_us * 1000, SCAN: options.scan_us * 1000}))


def serve(sock: socket.socket, store: Store, worker: Worker) -> NoReturn:
    """Answer requests until the process ends. A datagram that is no request is ignored."""
    while True:
        data, client = sock.recvfrom(_LARGEST)
        started = time.monotonic_ns()
        request = unpack(data)
        if request is None:
            continue
        worker.status[worker.index] = request.kind
        reply = pack(answer(store, request, worker.index))
        _wait_until(started + worker.takes_ns[request.kind])
        worker.status[worker.index] = 0
        sock.sendto(reply, client)


def _wait_until(deadline_ns: int) -> None:
    remaining = deadline_ns - time.monotonic_ns()
    if remaining > 0:
        time.sleep(remaining / 1e9)


def _listen(host: str, port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
    sock.bind((host, port))
    return sock


def _status_page(fd: int | None, worker: int) -> memoryview:
    if fd is None:
        return memoryview(bytearray(8 * (worker + 1))).cast("Q")
    page = mmap.mmap(fd, mmap.PAGESIZE)
    os.close(fd)
    return memoryview(page).cast("Q")


def _end_with_input() -> None:
    # The service must not outlive whoever started it, however that one ends.
    while os.read(0, _LARGEST):
        pass
    os._exit(0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.demo.service", description="one worker of the service")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True, help="the port that all workers share")
    parser.add_argument("--worker", type=int, required=True, help="this worker's index, put into its replies")
    parser.add_argument("--status-fd", type=int, help="shared memory in which to publish what is being served")
    parser.add_argument("--get-us", type=int, default=0, help="a GET takes at least this long")
    parser.add_argument("--scan-us", type=int, default=0, help="a SCAN takes at least this long")
    return parser.parse_args()


if __name__ == "__main__":
    main()
