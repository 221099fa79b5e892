"""A ring buffer in the kernel as a store: whoever waits for its events can be told that no more will come."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NoReturn

from syrup._sys import maps as kernel
from syrup._sys.fd import Fd
from syrup._sys.ringbuf import RingMemory
from syrup._sys.waiting import Waiter
from syrup.stores import KernelStore

_AT_ONCE: Final = 256
"""How many events are taken out of the kernel's memory in one go; whoever reads next is given what is left of them."""


class KernelRing(KernelStore):
    """The one reader of a ring buffer, for all threads of this process."""

    def __init__(self, fd: Fd, shape: kernel.Shape) -> None:
        super().__init__(fd, shape)
        self._lock = threading.Lock()
        self._waiters: set[Waiter] = set()
        self._memory: RingMemory | None = None
        self._taken: deque[bytes] = deque()
        self.endings = 0
        self.closed = False

    def emit(self, event: bytes) -> NoReturn:  # noqa: ARG002
        raise TypeError("policies emit events; user space reads them")

    def take(self) -> bytes | None:
        with self._lock:
            if not self._taken and not self.closed:
                self._taken.extend(self._mapped().take(_AT_ONCE))
            return self._taken.popleft() if self._taken else None

    def wait(self, begun: int, timeout: float | None) -> bool:
        with self._waiter(begun) as waiter:
            return waiter is not None and waiter.wait(timeout)

    async def wait_async(self, begun: int) -> bool:
        import asyncio

        loop = asyncio.get_running_loop()
        with self._waiter(begun) as waiter:
            if waiter is None:
                return False
            readable = asyncio.Event()
            loop.add_reader(waiter.fileno(), readable.set)
            try:
                await readable.wait()
            finally:
                loop.remove_reader(waiter.fileno())
            # Not whether there still is an event: another task may have taken it.
            return not self._ended(begun)

    def end(self) -> None:
        """Let those who wait now, or iterate now, end when nothing is left."""
        with self._lock:
            self._end()

    def close(self) -> None:
        with self._lock:
            self.closed = True
            self._end()
            self._taken.clear()
            if self._memory is not None:
                self._memory.close()
            self._memory = None

    def _mapped(self) -> RingMemory:
        if self._memory is None:
            self._memory = RingMemory(self.fd.fileno(), self.shape.max_entries)
        return self._memory

    def _ended(self, begun: int) -> bool:
        return self.closed or self.endings != begun

    def _end(self) -> None:
        self.endings += 1
        for waiter in self._waiters:
            waiter.wake()

    @contextmanager
    def _waiter(self, begun: int) -> Iterator[Waiter | None]:
        """A waiter that the next ending wakes; `None` where there was one already."""
        with Waiter(self.fd.fileno()) as waiter:
            with self._lock:
                if not self._ended(begun):
                    self._waiters.add(waiter)
            try:
                yield waiter if waiter in self._waiters else None
            finally:
                with self._lock:
                    self._waiters.discard(waiter)
