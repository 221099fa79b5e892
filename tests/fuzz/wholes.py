"""Small arrays, of which kernel and interpreter have one value that holds all entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from syrupc.kernel.map_types import is_whole
from syrupc.spec import MapSpec
from tests.fuzz.layouts import pack

Stored = tuple[bytes, bytes]


def entries(declared: MapSpec, stored: Iterable[Stored]) -> Iterator[Stored]:
    """The entries of a map by what is stored in it."""
    if not is_whole(declared):
        yield from ((key, value[: declared.value.size]) for key, value in stored)
        return
    size = declared.value.size
    for _, whole in stored:
        for index in range(declared.max_entries):
            yield index.to_bytes(4, "little"), whole[index * size : (index + 1) * size]


def changed(declared: MapSpec, whole: bytes, key: int, value: Any) -> bytes:
    """The one value with another entry."""
    start = key * declared.value.size
    return whole[:start] + pack(declared.value, value) + whole[start + declared.value.size :]
