"""The demo's service as real processes on loopback, and the load generator against it."""

import mmap
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.demo import workers
from benchmarks.demo.generator import NOBODY, drive
from benchmarks.demo.protocol import GET, SCAN, Message, pack, unpack
from benchmarks.demo.store import answer, filled
from benchmarks.demo.trace import Load, draw

DEADLINE = 20.0
ANY_REQUEST = Message(GET, user=1, count=1, key=3, request=5)


@pytest.fixture
def client() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(DEADLINE)
        sock.bind((workers.HOST, 0))
        yield sock


def ask(client: socket.socket, port: int, data: bytes) -> Message | None:
    client.sendto(data, (workers.HOST, port))
    return unpack(client.recv(2048))


def test_a_worker_answers_from_its_store(client: socket.socket) -> None:
    with workers.running(1, get_us=0, scan_us=0) as service:
        for request in (ANY_REQUEST, Message(SCAN, user=1, count=7, key=3, request=6)):
            assert ask(client, service.port, pack(request)) == answer(filled(), request, 0)


@pytest.mark.parametrize("data", [b"", b"\x02", b"\xff" * 24])
def test_a_datagram_that_is_no_request_is_ignored(client: socket.socket, data: bytes) -> None:
    with workers.running(1, get_us=0, scan_us=0) as service:
        client.sendto(data, (workers.HOST, service.port))

        assert ask(client, service.port, pack(ANY_REQUEST)) == answer(filled(), ANY_REQUEST, 0)


def test_a_worker_publishes_what_it_serves(client: socket.socket) -> None:
    fd = os.memfd_create("status")
    os.truncate(fd, mmap.PAGESIZE)
    page = memoryview(mmap.mmap(fd, mmap.PAGESIZE)).cast("Q")
    with workers.running(1, get_us=0, scan_us=200_000, status_fd=fd) as service:
        os.close(fd)
        client.sendto(pack(Message(SCAN, user=1, count=7, key=3, request=6)), (workers.HOST, service.port))
        client.setblocking(False)
        seen = set()
        while SCAN not in seen:  # the test's timeout is the deadline
            seen.add(page[0])
        client.settimeout(DEADLINE)
        client.recv(2048)

        assert page[0] == 0


def test_the_workers_share_one_port_and_are_all_used() -> None:
    load = Load(rate=2000, seconds=0.2, scan_share=0, get_us=0)
    with workers.running(3, get_us=0, scan_us=0) as service:
        result = drive(draw(load, seed=1), (workers.HOST, service.port), silence_s=1.0)

    assert result.lost == 0
    assert set(result.worker.tolist()) == {0, 1, 2}


def test_a_run_keeps_every_request_and_its_reply() -> None:
    load = Load(rate=2000, seconds=0.2, scan_share=0.1, get_us=0)
    trace = draw(load, seed=1)
    with workers.running(1, get_us=0, scan_us=0) as service:
        result = drive(trace, (workers.HOST, service.port), silence_s=1.0)

    assert list(result.replies) == [answer(filled(), trace.request(index), 0) for index in range(len(trace))]
    assert (result.lag_ns >= 0).all()
    assert (result.latency_ns >= result.lag_ns).all()


def test_a_request_without_a_reply_is_lost(client: socket.socket) -> None:
    trace = draw(Load(rate=1000, seconds=0.02), seed=1)

    result = drive(trace, client.getsockname(), silence_s=0.05)

    assert result.lost == len(trace)
    assert np.isinf(result.latency_ns).all()
    assert set(result.worker.tolist()) == {NOBODY}


def test_nothing_is_left_of_a_service_that_was_stopped() -> None:
    with workers.running(2, get_us=0, scan_us=0) as service:
        assert all(Path(f"/proc/{pid}").exists() for pid in service.pids)

    assert not any(Path(f"/proc/{pid}").exists() for pid in service.pids)


def test_workers_start_in_the_order_of_their_index() -> None:
    with workers.running(3, get_us=0, scan_us=0) as service:
        starts = [int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]) for pid in service.pids]

    assert starts == sorted(starts)


def test_a_worker_that_cannot_start_is_reported() -> None:
    unfit, other = os.pipe()
    try:
        with pytest.raises(RuntimeError, match="worker 0 of the service did not start"):
            workers.running(1, get_us=0, scan_us=0, status_fd=unfit).__enter__()
    finally:
        os.close(unfit)
        os.close(other)
