"""What a program's instructions are translated with, and into."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from syrupc.isa.machine.executors import Image
from syrupc.isa.machine.helpers import Helper
from syrupc.isa.machine.memory import Opaque, StepError
from syrupc.isa.machine.state import State

Operation = Callable[[], int]
"""Does the work of one instruction and returns the place to go on at."""


class LinkError(Exception):
    """The instruction at `slot` cannot be in any program."""

    def __init__(self, slot: int, reason: str) -> None:
        super().__init__(reason)
        self.slot = slot


@dataclass(frozen=True)
class Linkage:
    """What the instructions of one program refer to.

    `begins` are the slots where instructions begin, `base` is where the first slot stands among all operations.
    """

    image: Image
    begins: frozenset[int]
    base: int
    code: Opaque
    state: State
    helpers: Mapping[int, Helper]
    tail_call: Callable[[int, int], int | None]
    """Address of a program array and index -> where to go on, `None` to fall through."""


def trap(kind: type[StepError], reason: str) -> Operation:
    """An operation that only fails."""

    def run() -> int:
        raise kind(reason)

    return run
