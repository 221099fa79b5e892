"""A file descriptor with an owner."""

from __future__ import annotations

import os
from types import TracebackType
from typing import Self
from weakref import WeakSet


class Fd:
    """An open descriptor, closed exactly once: by `close`, at the end of a `with`, or when nothing refers to it."""

    __slots__ = ("__weakref__", "_number")

    def __init__(self, number: int) -> None:
        if number < 0:
            raise ValueError(f"{number} is not a file descriptor")
        self._number = number

    @property
    def closed(self) -> bool:
        return self._number < 0

    def fileno(self) -> int:
        if self._number < 0:
            raise ValueError("the file descriptor is closed")
        return self._number

    def close(self) -> None:
        # Forgotten before it is closed: an error from close(2) leaves the number free for someone else.
        number, self._number = self._number, -1
        if number >= 0:
            os.close(number)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_number", -1) >= 0:
            self.close()

    def __repr__(self) -> str:
        return "<Fd closed>" if self.closed else f"<Fd {self._number}>"


_not_for_children: WeakSet[Fd] = WeakSet()


def keep_from_children(fd: Fd) -> None:
    """Close the descriptor in every process that this one forks: it stands for this process being alive."""
    _not_for_children.add(fd)


def _close_in_child() -> None:
    for fd in tuple(_not_for_children):
        fd.close()


os.register_at_fork(after_in_child=_close_in_child)
