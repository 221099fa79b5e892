"""The real thing: policies attached to the service's sockets, deciding in the kernel on real datagrams."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, Final

import syrup
from benchmarks.demo import workers
from benchmarks.demo.generator import Outcome, drive
from benchmarks.demo.schedule import DEFAULT
from benchmarks.demo.tokens import refilled
from benchmarks.demo.trace import Load, Trace
from syrup.maps import descriptor

Policies = Mapping[str, Any]

_SILENCE_SCANS: Final = 5
"""A worker with requests in its queue answers one at least every SCAN; so many without an answer, and none is left."""
_COST_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True)
class Steered:
    """A running service, and the policies by name."""

    service: workers.Service
    policies: Policies
    load: Load

    @property
    def how(self) -> str:
        """What was measured, in a sentence."""
        load = self.load
        return (
            f"Padded mode: {len(self.service.pids)} worker processes answer every request from their store, then wait "
            f"until a GET took {load.get_us / 1000:g} ms and a SCAN {load.scan_us / 1000:g} ms, as if for a backend. "
            "Real sockets, real datagrams; the waiting emulates workers with a core each."
        )

    def run(self, policy: str, trace: Trace) -> Outcome:
        if policy == DEFAULT:
            return self._drive(trace)
        chosen = self.policies[policy]
        with ExitStack() as stack:
            link = stack.enter_context(syrup.attach(chosen, hook="socket", port=self.service.port))
            if "tokens" in link.maps:
                stack.enter_context(refilled(link.maps.tokens, self.load))
            outcome = self._drive(trace)
            return replace(outcome, dropped=link.stats().dropped)

    def _drive(self, trace: Trace) -> Outcome:
        address = workers.HOST, self.service.port
        return drive(trace, address, silence_s=_SILENCE_SCANS * self.load.scan_us / 1e6)


@contextlib.contextmanager
def steered(policies: Policies, load: Load, count: int) -> Iterator[Steered]:
    """Start the service; its workers publish what they serve in `scan_avoid`'s map, under every policy alike."""
    status = descriptor(policies["scan_avoid"].maps.serving).fileno() if "scan_avoid" in policies else None
    with workers.running(count, load.get_us, load.scan_us, status) as service:
        yield Steered(service, policies, load)


def cost_ns(policy: Any, trace: Trace, load: Load, count: int) -> float:
    """The kernel's own time for a decision, over back-to-back datagrams to sockets that nobody reads."""
    port = workers.free_port()
    datagrams = trace.datagrams()
    with ExitStack() as stack:
        sockets = [stack.enter_context(_bound(port)) for _ in range(count)]
        sender = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        link = stack.enter_context(syrup.attach(policy, sockets=sockets))
        if "tokens" in link.maps:
            stack.enter_context(refilled(link.maps.tokens, load))
        sample = stack.enter_context(ThreadPoolExecutor(1)).submit(link.ns_per_decision, _COST_SECONDS)
        while not sample.done():
            for datagram in datagrams:
                sender.sendto(datagram, (workers.HOST, port))
        mean = sample.result()
    assert mean is not None, "datagrams were sent all the time"
    return float(mean)


def _bound(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind((workers.HOST, port))
    return sock
