"""Where the contents of maps live: what each kind of map asks of a store.

Keys and values are bytes, as the kernel has them. The stores of maps in this process are in `syrupc.lang.local`, those
of live maps in `syrup.stores`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    import numpy


class MapFull(MemoryError):  # noqa: N818 -- the name of a condition, as users see it in fault counters
    """A new key in a map that already holds `max_entries`, or a value more than a queue has room for."""


Values = tuple[bytes, ...]
"""One value, or of a per-CPU kind the value on each CPU."""


class TableStore(Protocol):
    """Entries with keys. Of a trie a key is a 32-bit little-endian prefix length and the bytes of the address."""

    def lookup(self, key: bytes) -> Values | None:
        """The values under a key; of a trie, under the longest prefix that fits it."""

    def cell(self, key: bytes) -> bytearray | memoryview | None:
        """The value itself, which can be changed in place. `TypeError` where only policies can do that."""

    def update(self, key: bytes, value: bytes) -> None:
        """Insert or replace; raises `MapFull`. The caller has checked that an index is in range."""

    def delete(self, key: bytes) -> bool:
        """Whether there was such a key."""

    def entries(self) -> Iterator[tuple[bytes, Values]]:
        """All entries. Those that come or go meanwhile may or may not be among them."""

    def array(self) -> numpy.ndarray[Any, Any]:
        """An array's values as a writable NumPy array over the live memory; `TypeError` elsewhere."""


class QueueStore(Protocol):
    """Values in an order."""

    def push(self, value: bytes) -> None:
        """Raises `MapFull`."""

    def pop(self) -> bytes | None:
        """Take out the next value; `None` where there is none."""

    def peek(self) -> bytes | None:
        """What `pop` would give."""


class FilterStore(Protocol):
    """A set of values that can be asked for one at a time."""

    def add(self, value: bytes) -> None: ...

    def contains(self, value: bytes) -> bool: ...


class RingStore(Protocol):
    """Events on their way from policies to user space."""

    @property
    def closed(self) -> bool: ...

    @property
    def endings(self) -> int:
        """How often whatever iterated was told that nothing more will come."""

    def emit(self, event: bytes) -> bool:
        """Whether there was room. `TypeError` where only policies can do that."""

    def take(self) -> bytes | None:
        """Take out the oldest event; `None` where there is none."""

    def wait(self, begun: int, timeout: float | None) -> bool:
        """Wait for an event. `False` when there were more than `begun` endings, or after so many seconds."""

    async def wait_async(self, begun: int) -> bool:
        """The same, in an event loop."""

    def close(self) -> None: ...


_LENGTH: Final = 4


def prefix(address: bytes, length: int) -> bytes:
    """The trie's key for the first `length` bits of an address."""
    beyond = 8 * len(address) - length
    kept = int.from_bytes(address, "big") >> beyond << beyond
    return length.to_bytes(_LENGTH, "little") + kept.to_bytes(len(address), "big")


def event_room(size: int) -> int:
    """What an event of so many bytes takes of a ring buffer: a header of 8 bytes, and up to a multiple of 8."""
    return (size + 8 + 7) // 8 * 8
