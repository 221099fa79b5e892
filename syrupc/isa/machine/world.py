"""What a run takes from outside the program: chance, time, and the CPU it runs on, as values that a test chooses."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from syrupc.isa.machine.memory import StepError

Source = Callable[[], int] | Sequence[int]
"""A function that is called for each value, or the values of one run in order (every run begins again)."""


@dataclass(frozen=True, slots=True)
class World:
    """`random` gives 32-bit numbers, `now_ns` nanoseconds since boot; `cpu` is asked once a run."""

    random: Source
    now_ns: Source
    cpu: Source = (0,)

    @staticmethod
    def seeded(seed: int = 0, *, cpu: int = 0, step_ns: int = 1000) -> World:
        """A reproducible world: a seeded generator, and a clock that moves on by `step_ns` each time it is read."""
        generator = random.Random(seed)
        clock = count(step_ns, step_ns)
        return World(lambda: generator.getrandbits(32), lambda: next(clock), (cpu,))


def draw(source: Source, what: str) -> Callable[[], int]:
    """The source as a function, for one run."""
    return source if callable(source) else _in_order(iter(source), what)


def _in_order(values: Iterator[int], what: str) -> Callable[[], int]:
    def take() -> int:
        try:
            return next(values)
        except StopIteration:
            raise StepError(f"the world has no further value for {what}") from None

    return take
