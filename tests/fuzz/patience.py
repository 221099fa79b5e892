"""A bound on how long something may compute, so that one program cannot hold up all others."""

from __future__ import annotations

import gc
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

# In a callback of the garbage collector, where exceptions are ignored, it waits for the next signal.
_AGAIN: Final = 0.5


class ImpatienceError(Exception):
    """It took too long."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raises `ImpatienceError` inside the block once this process has computed for so long, whatever else runs."""

    def end(_signal: int, frame: FrameType | None) -> None:
        if frame is None or frame.f_code not in {getattr(each, "__code__", None) for each in gc.callbacks}:
            raise ImpatienceError

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds, _AGAIN)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
