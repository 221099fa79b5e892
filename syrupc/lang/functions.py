"""The built-in functions of the language, for plain Python runs."""

from __future__ import annotations

import builtins
import random as _random
import time
from pathlib import Path


def range(n: int, *, max: int) -> builtins.range:
    """`range(n)` for a loop whose length is known late: never more than `max` turns. Raises `ValueError` beyond."""
    if n > max:
        raise ValueError(f"{n} turns, and at most {max} were declared")
    return builtins.range(n)


def random() -> int:
    """A pseudo-random 32-bit integer, `0 <= n < 2**32`."""
    return _random.getrandbits(32)


def now_ns() -> int:
    """Nanoseconds of the monotonic clock, a `u64`."""
    return time.monotonic_ns()


def cpu() -> int:
    """The number of the CPU that runs the policy."""
    # proc(5): field 39 of stat; the command in field 2 may hold spaces and ends with the last ')'
    return int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[36])
