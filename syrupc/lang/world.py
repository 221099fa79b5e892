"""What a policy takes from outside itself (chance, time, the CPU) as values that a test chooses."""

from __future__ import annotations

import random as _random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token
from itertools import repeat
from types import TracebackType
from typing import Final

CPUS: Final = 64
"""How many CPUs a policy can be on outside a kernel."""

_RANDOM_BITS: Final = 32


class World:
    """What `random()`, `now_ns()` and `cpu()` give inside of a `with` block, however the policy is run there.

    `seed` chooses the random numbers; `random` gives them instead, one for always or several in order. The clock stands
    at `now_ns` until it is set: `world.now_ns += 1_000_000`. `cpu` is a number from 0 to 63, and can be set as well.
    """

    def __init__(
        self, *, seed: int = 0, random: int | Iterable[int] | None = None, now_ns: int = 0, cpu: int = 0
    ) -> None:
        self._numbers = _numbers(seed, random)
        self.now_ns = now_ns
        self.cpu = cpu
        self._entered: list[Token[World | None]] = []

    @property
    def now_ns(self) -> int:
        """Nanoseconds of the clock."""
        return self._now_ns

    @now_ns.setter
    def now_ns(self, value: int) -> None:
        if not 0 <= value < 1 << 64:
            raise ValueError(f"now_ns is {value}, not a u64")
        self._now_ns = value

    @property
    def cpu(self) -> int:
        """The CPU that policies run on."""
        return self._cpu

    @cpu.setter
    def cpu(self, value: int) -> None:
        if not 0 <= value < CPUS:
            raise ValueError(f"cpu is {value}, not 0 to {CPUS - 1}")
        self._cpu = value

    def draw(self) -> int:
        """The next random number. Raises `RuntimeError`, which is no fault, where there is none of 32 bits."""
        number = next(self._numbers, None)
        if number is None:
            raise RuntimeError("the world has no random number left: give more of them")
        if not 0 <= number < 1 << _RANDOM_BITS:
            raise RuntimeError(f"the world's random number {number} does not have {_RANDOM_BITS} bits")
        return number

    def __enter__(self) -> World:
        self._entered.append(_world.set(self))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        _world.reset(self._entered.pop())


_world: ContextVar[World | None] = ContextVar("world", default=None)
_running: ContextVar[bool] = ContextVar("running", default=False)


def _numbers(seed: int, given: int | Iterable[int] | None) -> Iterator[int]:
    if given is None:
        generator = _random.Random(seed)
        return iter(lambda: generator.getrandbits(_RANDOM_BITS), None)
    return repeat(given) if isinstance(given, int) else iter(given)


def current() -> World | None:
    """The world of the innermost `with` block, `None` outside of all."""
    return _world.get()


@contextmanager
def running() -> Iterator[None]:
    """A `with` block in which a policy runs as plain Python."""
    before = _running.set(True)
    try:
        yield
    finally:
        _running.reset(before)


def running_on() -> int | None:
    """The CPU of the policy that runs as plain Python, `None` where none runs.

    Per-CPU maps show a policy the values of its own CPU, and everybody else those of all.
    """
    if not _running.get():
        return None
    world = _world.get()
    return 0 if world is None else world.cpu
