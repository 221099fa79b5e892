"""An ordered key-value store in memory, with the same content in every worker."""

from __future__ import annotations

import zlib
from bisect import bisect_left
from dataclasses import dataclass
from typing import Final

from benchmarks.demo.protocol import GET, Message

KEYS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Store:
    """Sorted keys, and their values."""

    keys: list[int]
    values: dict[int, bytes]


def filled(count: int = KEYS) -> Store:
    """The keys 0 … count - 1, each with 64 bytes that follow from the key."""
    keys = list(range(count))
    return Store(keys, {key: key.to_bytes(8, "little") * 8 for key in keys})


def answer(store: Store, request: Message, worker: int) -> Message:
    """The reply. A missing key and an empty range are replies with a count of 0."""
    if request.kind == GET:
        value = store.values.get(request.key)
        found, content = (0, b"") if value is None else (1, value)
    else:
        values = _scan(store, request.key, request.count)
        found, content = len(values), zlib.crc32(b"".join(values)).to_bytes(4, "little")
    return Message(request.kind, request.user, found, request.key, request.request, worker, content)


def _scan(store: Store, first: int, count: int) -> list[bytes]:
    start = bisect_left(store.keys, first)
    return [store.values[key] for key in store.keys[start : start + count]]
