"""The open-loop load generator: sends every request at its time, whatever became of the ones before.

Latency counts from the *intended* time, so a generator that falls behind makes the figures worse, never better; how
far it fell behind is recorded. Every request is kept, and a lost one has taken infinitely long.
"""

from __future__ import annotations

import contextlib
import gc
import math
import select
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from benchmarks.demo.protocol import Message, unpack
from benchmarks.demo.trace import Ints, Trace
from benchmarks.demo.watch import watched

Floats = np.ndarray[Any, np.dtype[np.float64]]

NOBODY = -1
_LEAD_NS = 5_000_000
_RECEIVE_BUFFER = 4 << 20
_LARGEST = 2048


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a trace's requests; arrays as long as the trace.

    `latency_ns` is infinite and `worker` is `NOBODY` where no reply came. `replies` holds what each was answered.
    `dropped` of them a policy dropped. `stall_ns` is the longest time that a CPU stood still meanwhile.
    """

    latency_ns: Floats
    worker: Ints
    lag_ns: Ints
    replies: tuple[Message | None, ...] = field(repr=False)
    dropped: int = 0
    stall_ns: int = 0

    @property
    def lost(self) -> int:
        """How many requests neither a worker answered nor a policy dropped."""
        return int(np.isinf(self.latency_ns).sum()) - self.dropped


def drive(trace: Trace, address: tuple[str, int], silence_s: float) -> Outcome:
    """Send the trace, each flow from a socket with a port of its own, and collect the replies.

    It ends when all are answered, or when after the last request nothing came for `silence_s` seconds: longer than
    a worker with requests in its queue is ever silent.
    """
    datagrams = trace.datagrams()
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(_client_socket(address[0])) for _ in range(trace.flows)]
        stack.enter_context(_without_collector())
        stalls = stack.enter_context(watched())
        outcome = _exchange(trace, datagrams, address, sockets, silence_s)
    return replace(outcome, stall_ns=stalls.longest_ns)


def _exchange(
    trace: Trace, datagrams: list[bytes], address: tuple[str, int], sockets: list[socket.socket], silence_s: float
) -> Outcome:
    due, flow = trace.due_ns.tolist(), trace.flow.tolist()
    descriptors = {sock.fileno(): sock for sock in sockets}
    sent: list[int] = []
    replies: dict[int, tuple[int, Message]] = {}
    start = last = time.monotonic_ns() + _LEAD_NS
    while len(replies) < len(due):
        now = time.monotonic_ns()
        while len(sent) < len(due) and start + due[len(sent)] <= now:
            index = len(sent)
            sockets[flow[index]].sendto(datagrams[index], address)
            sent.append(now)
            last = now = time.monotonic_ns()
        limit = start + due[len(sent)] if len(sent) < len(due) else last + int(silence_s * 1e9)
        readable, _, _ = select.select(list(descriptors), [], [], max(0, limit - now) / 1e9)
        for reply in _received(descriptors[fd] for fd in readable):
            last = time.monotonic_ns()
            replies.setdefault(reply.request, (last, reply))
        if not readable and len(sent) == len(due):
            break
    return _outcome(start, trace.due_ns, sent, replies)


def _received(readable: Iterator[socket.socket]) -> Iterator[Message]:
    for sock in readable:
        with contextlib.suppress(BlockingIOError):
            while True:
                message = unpack(sock.recv(_LARGEST))
                if message is not None:
                    yield message


def _outcome(start: int, due: Ints, sent: list[int], replies: dict[int, tuple[int, Message]]) -> Outcome:
    latency = np.full(len(due), math.inf)
    worker = np.full(len(due), NOBODY, np.int64)
    kept: list[Message | None] = [None] * len(due)
    for index, (arrived, reply) in replies.items():
        latency[index] = arrived - start - int(due[index])
        worker[index] = reply.worker
        kept[index] = reply
    return Outcome(latency, worker, np.array(sent, np.int64) - start - due, tuple(kept))


def _client_socket(host: str) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
    sock.setblocking(False)
    sock.bind((host, 0))
    return sock


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    """A collection in the middle of a run would look like a slow service."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
