"""Maps without keys: queues, stacks, Bloom filters, and the ring buffer."""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Iterator
from errno import E2BIG, EAGAIN, EINVAL, ENOENT
from typing import Final

from syrupc.isa.machine.maps import EXIST, STACK, Shape, SimMap, check
from syrupc.isa.machine.memory import Region


class Queue(SimMap):
    """`QUEUE` (first in, first out) and `STACK` (last in, first out)."""

    def __init__(self, shape: Shape, cpus: int = 1) -> None:
        super().__init__(shape, cpus)
        self._values: deque[bytes] = deque()

    def push(self, value: bytes, flags: int) -> int:
        """0 or a negative error number; with `EXIST` a full map loses its oldest value."""
        if flags not in (0, EXIST):
            return -EINVAL
        if len(self._values) >= self.shape.max_entries:
            if flags != EXIST:
                return -E2BIG
            self._values.popleft()
        self._values.append(value)
        return 0

    def peek(self) -> bytes | None:
        """The value that `pop` would give."""
        return self._values[self._next] if self._values else None

    def pop(self) -> bytes | None:
        value = self.peek()
        if value is not None:
            del self._values[self._next]
        return value

    def values(self) -> list[bytes]:
        """All values, in the order in which `pop` gives them."""
        return list(reversed(self._values) if self._next else self._values)

    @property
    def _next(self) -> int:
        return -1 if self.shape.type == STACK else 0

    def lookup(self, key: bytes) -> bytes | None:
        self.check_key(key)
        return self.peek()

    def update(self, key: bytes, value: bytes, flags: int = 0) -> None:
        self.check_key(key)
        self.check_value(value, self.shape.value_size)
        check(self.push(value, flags))

    def keys(self) -> Iterator[bytes]:
        raise OSError(EINVAL, "a queue has no keys")


class Bloom(SimMap):
    """`BLOOM_FILTER`, without the false positives: those depend on a seed that the kernel draws."""

    def __init__(self, shape: Shape, cpus: int = 1) -> None:
        super().__init__(shape, cpus)
        self._values: set[bytes] = set()

    def push(self, value: bytes, flags: int) -> int:
        if flags:
            return -EINVAL
        self._values.add(value)
        return 0

    def test(self, value: bytes) -> int:
        """0 if the value may have been pushed, a negative error number if it was not."""
        return 0 if value in self._values else -ENOENT

    def update(self, key: bytes, value: bytes, flags: int = 0) -> None:
        self.check_key(key)
        self.check_value(value, self.shape.value_size)
        check(self.push(value, flags))


HEADER: Final = 8
"""Bytes that a record takes in a ring buffer beyond its own."""


class RingBuffer(SimMap):
    """`RINGBUF`: records of any size, in the order of their reservation. `max_entries` is its size in bytes."""

    def __init__(self, shape: Shape, cpus: int = 1) -> None:
        super().__init__(shape, cpus)
        self._records: deque[Record] = deque()
        self.produced = 0
        self.consumed = 0
        """Positions: all bytes ever taken by records, and given back by `consume`."""

    def reserve(self, size: int) -> Record | None:
        """A record to be filled; `None` if there is no room."""
        room = (size + HEADER + 7) // 8 * 8
        # One byte always stays free (kernel/bpf/ringbuf.c, since 5.8).
        if self.produced + room - self.consumed > self.shape.max_entries - 1:
            return None
        record = Record(f"a record of {self.shape.name}", bytearray(size), self, room)
        self._records.append(record)
        self.produced += room
        return record

    def output(self, data: bytes) -> int:
        record = self.reserve(len(data))
        if record is None:
            return -EAGAIN
        record.data[:] = data
        record.state = RecordState.SUBMITTED
        return 0

    def consume(self) -> list[bytes]:
        """Takes out the records that were submitted, up to the first that is still being filled."""
        found = []
        while self._records and self._records[0].state is not RecordState.RESERVED:
            record = self._records.popleft()
            self.consumed += record.room
            if record.state is RecordState.SUBMITTED:
                found.append(bytes(record.data))
        return found


class RecordState(enum.Enum):
    RESERVED = "reserved"
    SUBMITTED = "submitted"
    DISCARDED = "discarded"


class Record(Region):
    """A reserved piece of a ring buffer."""

    __slots__ = ("ring", "room", "state")

    def __init__(self, name: str, data: bytearray, ring: RingBuffer, room: int) -> None:
        super().__init__(name, data)
        self.ring = ring
        self.room = room
        self.state = RecordState.RESERVED
