"""Waiting for a descriptor, in a way that another thread can end."""

from __future__ import annotations

import os
import select
from types import TracebackType
from typing import Self

from syrup._sys.fd import Fd


class Waiter:
    """Waits until a descriptor is readable, or until `wake`. Itself readable then, for event loops."""

    def __init__(self, fd: int) -> None:
        self._alarm = Fd(os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK))
        self._both = select.epoll(2)
        self._both.register(self._alarm.fileno(), select.EPOLLIN)
        self._both.register(fd, select.EPOLLIN)

    def wake(self) -> None:
        """End the wait, whether it has begun or not. From any thread, as long as the waiter is not closed."""
        os.eventfd_write(self._alarm.fileno(), 1)

    def wait(self, timeout: float | None) -> bool:
        """Whether the descriptor is readable: not if `wake` came, or so many seconds went by, first."""
        ready = self._both.poll(None if timeout is None else max(timeout, 0))  # below 0 it would wait for ever
        return bool(ready) and all(number != self._alarm.fileno() for number, _ in ready)

    def fileno(self) -> int:
        return self._both.fileno()

    def close(self) -> None:
        self._both.close()
        self._alarm.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
