"""Linux releases as values that compare."""

from __future__ import annotations

from functools import cache


@cache
def release(name: str) -> tuple[int, int]:
    """ "5.15" -> (5, 15). Raises `ValueError` for anything else."""
    major, _, minor = name.partition(".")
    return int(major), int(minor)


def brought(since: str, kernel: tuple[int, int]) -> bool:
    """Whether something that came with release `since` is in `kernel`."""
    return release(since) <= kernel
