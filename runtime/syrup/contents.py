"""What is in a live map, as plain data and no more of it than is asked for. Looking takes nothing out."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from syrupc.lang.maps import Map
from syrupc.lang.plain import plain
from syrupc.lang.queues import Ordered
from syrupc.lang.tables import PerCpu, Table
from syrupc.lang.tries import LpmTrie
from syrupc.spec import IntType, MapSpec


@dataclass(frozen=True, slots=True)
class Contents:
    """The first entries of a map, and whether there are more.

    Of a per-CPU map of structs a value is the list of each CPU's. Kinds without keys have `None` as a key: of a queue
    or a stack the next value is seen, of a ring buffer and a Bloom filter nothing.
    """

    declared: MapSpec
    entries: tuple[tuple[Any, Any], ...]
    more: bool


def contents(map_: Map, limit: int) -> Contents:
    """At most `limit` entries."""
    found = tuple(islice(_entries(map_), limit + 1))
    shown = tuple((plain(key), plain(value)) for key, value in found[:limit])
    return Contents(map_.spec, shown, len(found) > limit)


def _entries(map_: Map) -> Iterator[tuple[Any, Any]]:
    match map_:
        case PerCpu() if not isinstance(map_.spec.value, IntType):
            return ((key, [plain(value) for value in map_.per_cpu(key)]) for key in map_)
        case Table() | LpmTrie():
            return iter(map_.items())
        case Ordered():
            return ((None, value) for value in [map_.peek(None)] if value is not None)
    return iter(())
