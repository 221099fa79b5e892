"""The ring buffer: events that policies emit and user space reads in their order."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Final, Generic, TypeVar

from syrupc import spec
from syrupc.lang.local import LocalRing
from syrupc.lang.maps import Map
from syrupc.lang.records import Structured, kind_of
from syrupc.lang.stores import RingStore, event_room

E = TypeVar("E")

_PAGE: Final = 4096


class RingBuf(Map, Generic[E]):
    """`RingBuf(Event, 65536)`: the struct of the events, and the size in bytes, a power of two and a multiple of 4096.

    A policy emits. User space reads, in one place: an event is given to one reader only. `for event in events` waits
    for more until the buffer is closed or its link ends, `async for` does so in an event loop; `read` and `poll` take
    what is there. In plain Python nothing comes while somebody waits: they give what was emitted, and end.
    """

    KIND = spec.MapKind.RING_BUF
    LOCAL = LocalRing

    _store: RingStore

    def __init__(self, event: type[E], size: int) -> None:
        kind = kind_of(event)
        if not isinstance(kind, Structured):
            raise TypeError(f"the events of a ring buffer are of a struct, not of {kind.type}")
        if size < _PAGE or size & (size - 1):
            raise ValueError(f"the size of a ring buffer is a power of two and a multiple of {_PAGE}, not {size}")
        self._declare(None, kind, size)

    def emit(self, event: E) -> bool:
        """Whether there was room; where there was none, the event is lost. In policies only."""
        return self._store.emit(self._value.pack(event))

    def read(self) -> list[E]:
        """Take out the events that are there, without waiting. Raises `ValueError` once the buffer is closed."""
        if self.closed:
            raise ValueError("the ring buffer is closed")
        return self._batch()

    def poll(self, timeout: float | None = None) -> list[E]:
        """The same, after waiting for one: at most so many seconds, else until the buffer is closed or its link ends.

        Empty where none came.
        """
        begun = self._store.endings
        return self.read() or (self._batch() if self._store.wait(begun, timeout) else [])

    def __iter__(self) -> Iterator[E]:
        return self._events(self._store.endings)

    def __aiter__(self) -> AsyncIterator[E]:
        return self._async_events(self._store.endings)

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._store.closed

    def close(self) -> None:
        """Read no more, here and in all threads: iterations end. What policies emit from now on stays unread."""
        self._store.close()

    def _events(self, begun: int) -> Iterator[E]:
        more = True
        while True:
            # After the end, too: what was emitted before it must not be lost.
            yield from self._taken()
            if not more:
                return
            more = self._store.wait(begun, None)

    async def _async_events(self, begun: int) -> AsyncIterator[E]:
        more = True
        while True:
            for event in self._taken():
                yield event
            if not more:
                return
            more = await self._store.wait_async(begun)

    def _batch(self) -> list[E]:
        """At most what fits into the buffer: a fast policy must not keep the reader from returning."""
        return list(islice(self._taken(), self.spec.max_entries // event_room(self.spec.value.size)))

    def _taken(self) -> Iterator[E]:
        while (event := self._store.take()) is not None:
            yield self._load(event)
