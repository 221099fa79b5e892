"""The contents of a map that is not in a kernel: those of the interpreter's map of the same kind.

A policy that is called as plain Python, the same policy in the interpreter, and a test that looks at the map all see
these contents, and what a full map or a longest prefix means is said in one place.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from errno import E2BIG, ENOSPC
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from syrupc.kernel.map_types import OF_KIND, is_whole, shape
from syrupc.lang.stores import MapFull, Values
from syrupc.lang.world import CPUS, running_on
from syrupc.spec import MapSpec

if TYPE_CHECKING:
    import numpy

    from syrupc.isa.machine import SimMap
    from syrupc.isa.machine.queues import Bloom, Queue, RingBuffer


class LocalStore:
    """The store of a map in this process: of a declared one, or over the map of a run in the interpreter."""

    def __init__(self, declared: MapSpec, found: SimMap | None = None) -> None:
        self._spec = declared
        if found is not None:
            self.simulated = found

    @cached_property
    def simulated(self) -> SimMap:
        """The map that the interpreter's programs access."""
        from syrupc.isa.machine import Shape, make_map  # not needed to declare a map

        declared = self._spec
        return make_map(Shape(OF_KIND[declared.kind].number, *shape(declared)), CPUS)

    def _stored(self, result: int) -> None:
        """Raise what a store came to."""
        if result in (-E2BIG, -ENOSPC):
            raise MapFull(f"{self._spec.max_entries} entries")
        assert result == 0, "the caller has checked the key"


class LocalTable(LocalStore):
    """A map with keys. Of a per-CPU kind a policy sees and sets its own CPU's value, and all others those of all."""

    def lookup(self, key: bytes) -> Values | None:
        found = [self.simulated.find(key, cpu) for cpu in self._cpus()]
        return tuple(bytes(value.data) for value in found if value is not None) or None

    def cell(self, key: bytes) -> bytearray | memoryview | None:
        found = self.simulated.find(key, running_on() or 0)
        return None if found is None else found.data

    def update(self, key: bytes, value: bytes) -> None:
        """Insert or replace. Of a per-CPU kind a policy sets its own CPU's value; all others set the total."""
        first, *others = self._cpus()
        self._stored(self.simulated.put(key, value, 0, first))
        for other in others:
            self.simulated.put(key, bytes(len(value)), 0, other)

    def delete(self, key: bytes) -> bool:
        return self.simulated.remove(key) == 0

    def entries(self) -> Iterator[tuple[bytes, Values]]:
        cpus = self._cpus()
        return ((key, tuple(bytes(cell[cpu].data) for cpu in cpus)) for key, cell in self.simulated.entries())

    def array(self) -> numpy.ndarray[Any, Any]:
        raise TypeError("only a map in the kernel has an array view: load the policy first")

    def _cpus(self) -> range:
        """The CPUs whose values are seen."""
        if not self._spec.kind.per_cpu:
            return range(1)
        cpu = running_on()
        return range(self.simulated.cpus) if cpu is None else range(cpu, cpu + 1)


class LocalArray(LocalTable):
    """An array: a small one is one value, of which each entry is a part."""

    def lookup(self, key: bytes) -> Values | None:
        cell = self.cell(key)
        return None if cell is None else (bytes(cell),)

    def cell(self, key: bytes) -> bytearray | memoryview | None:
        if not is_whole(self._spec):
            return super().cell(key)
        whole, size = self.simulated.direct_value(), self._spec.value.size
        assert whole is not None, "it is an array of one value"
        place = int.from_bytes(key, "little") * size
        return memoryview(whole.data)[place : place + size]

    def update(self, key: bytes, value: bytes) -> None:
        cell = self.cell(key)
        assert cell is not None, "the caller has checked the index"
        cell[:] = value

    def entries(self) -> Iterator[tuple[bytes, Values]]:
        keys = (index.to_bytes(4, "little") for index in range(self._spec.max_entries))
        return ((key, found) for key in keys if (found := self.lookup(key)) is not None)


class LocalQueue(LocalStore):
    """A queue or a stack."""

    def push(self, value: bytes) -> None:
        self._stored(self._queue.push(value, 0))

    def pop(self) -> bytes | None:
        return self._queue.pop()

    def peek(self) -> bytes | None:
        return self._queue.peek()

    @property
    def _queue(self) -> Queue:
        return cast("Queue", self.simulated)


class LocalFilter(LocalStore):
    """A Bloom filter without false positives."""

    def add(self, value: bytes) -> None:
        self._stored(self._filter.push(value, 0))

    def contains(self, value: bytes) -> bool:
        return self._filter.test(value) == 0

    @property
    def _filter(self) -> Bloom:
        return cast("Bloom", self.simulated)


class LocalRing(LocalStore):
    """A ring buffer. Nothing comes into it while somebody waits."""

    def __init__(self, declared: MapSpec, found: SimMap | None = None) -> None:
        super().__init__(declared, found)
        self._taken: deque[bytes] = deque()
        self.closed = False
        self.endings = 0

    def emit(self, event: bytes) -> bool:
        return self._ring.output(event) == 0

    def take(self) -> bytes | None:
        if not self._taken:
            self._taken.extend(self._ring.consume())
        return self._taken.popleft() if self._taken else None

    def wait(self, begun: int, timeout: float | None) -> bool:  # noqa: ARG002
        return False

    async def wait_async(self, begun: int) -> bool:  # noqa: ARG002
        return False

    def close(self) -> None:
        self.closed = True

    @property
    def _ring(self) -> RingBuffer:
        return cast("RingBuffer", self.simulated)
