"""What the load is: requests with their times, drawn beforehand from a seed, the same for every policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.demo.protocol import GET, SCAN, Message, pack
from benchmarks.demo.store import KEYS

Ints = np.ndarray[Any, np.dtype[np.int64]]

BATCH_USER = 0
"""Sends the SCANs; the other users send the GETs."""


@dataclass(frozen=True, slots=True)
class Load:
    """An open-loop load: requests a second, for how long, how many of them SCANs, from how many flows and users.

    `get_us` and `scan_us` are the nominal service times.
    """

    rate: float = 1850.0
    seconds: float = 2.2
    scan_share: float = 0.005
    scan_keys: int = 1000
    flows: int = 50
    users: int = 10
    get_us: int = 1000
    scan_us: int = 60_000

    @property
    def busy_workers(self) -> float:
        """How many workers it keeps busy on average."""
        return self.rate * ((1 - self.scan_share) * self.get_us + self.scan_share * self.scan_us) / 1e6


@dataclass(frozen=True, slots=True)
class Trace:
    """Requests in the order of their intended times (nanoseconds from the start); arrays of equal length."""

    due_ns: Ints
    kind: Ints
    key: Ints
    user: Ints
    flow: Ints
    scan_keys: int
    flows: int

    def __len__(self) -> int:
        return len(self.due_ns)

    def request(self, index: int) -> Message:
        kind = int(self.kind[index])
        count = self.scan_keys if kind == SCAN else 1
        return Message(kind, int(self.user[index]), count, int(self.key[index]), index)

    def datagrams(self) -> list[bytes]:
        return [pack(self.request(index)) for index in range(len(self))]


def draw(load: Load, seed: int) -> Trace:
    """Poisson arrivals: exponential gaps, each request's kind, key, user and flow independent of the others."""
    source = np.random.default_rng(seed)
    count = max(1, round(load.rate * load.seconds))
    due = np.cumsum(source.exponential(1e9 / load.rate, count)).astype(np.int64)
    kind = np.where(source.random(count) < load.scan_share, SCAN, GET).astype(np.int64)
    key = source.integers(0, KEYS - load.scan_keys, count)
    user = np.where(kind == SCAN, BATCH_USER, source.integers(1, load.users, count)).astype(np.int64)
    flow = source.integers(0, load.flows, count)
    return Trace(due, kind, key, user, flow, load.scan_keys, load.flows)
