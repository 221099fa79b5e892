"""How many CPUs this kernel may ever have: the length of a per-CPU value."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_POSSIBLE = Path("/sys/devices/system/cpu/possible")


@cache
def possible_cpus() -> int:
    """The number of possible CPUs, which does not change while the kernel runs."""
    return count_list(_POSSIBLE.read_text())


def count_list(text: str) -> int:
    """The number of CPUs in a list such as `0-3,8,10-11`."""
    return sum(_span(part) for part in text.strip().split(","))


def _span(part: str) -> int:
    first, _, last = part.partition("-")
    return int(last or first) - int(first) + 1
