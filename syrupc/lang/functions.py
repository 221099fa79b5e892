"""The built-in functions of the language, for plain Python runs."""

from __future__ import annotations

import builtins
import random as _random
import time

from syrupc.lang import world


def range(n: int, *, max: int) -> builtins.range:
    """`range(n)` for a loop whose length is known late: never more than `max` turns. Raises `ValueError` beyond."""
    if n > max:
        raise ValueError(f"{n} turns, and at most {max} were declared")
    return builtins.range(n)


def random() -> int:
    """A pseudo-random 32-bit integer, `0 <= n < 2**32`."""
    given = world.current()
    return _random.getrandbits(32) if given is None else given.draw()


def now_ns() -> int:
    """Nanoseconds of the monotonic clock, a `u64`."""
    given = world.current()
    return time.monotonic_ns() if given is None else given.now_ns


def cpu() -> int:
    """The number of the CPU that runs the policy; outside of a kernel it is 0, or what a `World` says."""
    given = world.current()
    return 0 if given is None else given.cpu
