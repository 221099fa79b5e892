"""The built-in functions of the language, for plain Python runs."""

from __future__ import annotations

import builtins
import random as _random
import sys
import time
from collections.abc import Callable
from typing import TypeVar

from syrupc.lang import world
from syrupc.lang.records import AnyRecord, Record


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


def hash(value: int | AnyRecord) -> int:
    """A 32-bit hash of an integer or a record, the same everywhere and always, `0 <= n < 2**32`.

    Of the value's 64-bit little-endian words (an integer is one, modulo 2**64; a record is padded with zeros) each is
    mixed in with the finalizer of MurmurHash3: `h = mix(h ^ word)`, from zero. The upper half of the last is the hash.
    """
    if isinstance(value, int):
        data = (value & _M64).to_bytes(8, "little")
    elif isinstance(value, Record):
        data = bytes(value)
    else:
        raise TypeError(f"an integer or a record has a hash, not a {type(value).__name__}")
    mixed = 0
    for start in builtins.range(0, len(data), 8):
        mixed = _mix(mixed ^ int.from_bytes(data[start : start + 8], "little"))
    return mixed >> 32


def _mix(word: int) -> int:
    for multiplier in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        word = (word ^ word >> 33) * multiplier & _M64
    return word ^ word >> 33


_M64 = (1 << 64) - 1


def trace(form: str, *values: int) -> None:
    """Write a line with up to three integers in place of `{}`: as plain Python to standard error, in a kernel to its
    trace (`/sys/kernel/tracing/trace_pipe`)."""
    print(form.format(*values), file=sys.stderr)


F = TypeVar("F", bound=Callable[..., object])


def func(function: F) -> F:
    """Mark a function that policies call. Parameters and result are annotated; in a policy's object it is inlined, or a
    function of its own where it is large and called often."""
    return function
