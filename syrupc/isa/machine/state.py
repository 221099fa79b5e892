"""The state of one run, as instructions and helpers see it.

A register or stack byte that holds nothing yet is not zero: reading it is an error, since a real machine promises
nothing there. Registers show it by `None` (`UNSET`), on which all arithmetic fails.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, cast

from syrupc.isa.machine.contexts import Context
from syrupc.isa.machine.live import place
from syrupc.isa.machine.maps import SimMap
from syrupc.isa.machine.memory import Memory, Opaque, Region, StackFrame, StepError
from syrupc.isa.machine.queues import Record
from syrupc.isa.machine.world import World, draw

UNSET: Final = cast(int, None)
STACK_SIZE: Final = 512
MAX_FRAMES: Final = 8
DONE: Final = -1
"""Where the outermost call returns to."""


@dataclass(frozen=True, slots=True)
class Target:
    """The executor that a helper chose: a map and an index in it."""

    map: SimMap
    index: int


class State:
    """Registers, memory, calls in progress, and what the program has done so far."""

    def __init__(self, filler: int | None) -> None:
        self.regs: list[int] = [UNSET] * 11
        self.memory = Memory()
        self.stacks = [StackFrame(f"stack frame {depth}", STACK_SIZE, filler) for depth in range(MAX_FRAMES)]
        self.tops = [self.memory.place(stack) + STACK_SIZE for stack in self.stacks]
        self.calls: list[tuple[int, list[int]]] = []
        self.invoke: Callable[[int, Sequence[int]], int]

    def begin(self, context: Context, world: World) -> None:
        """Makes everything ready for the first instruction."""
        self.memory.forget()
        self.calls.clear()
        self.context, self.packet = place(context, self.memory)
        self.random = draw(world.random, "random numbers")
        self.now_ns = draw(world.now_ns, "the time")
        self._cpu_source = draw(world.cpu, "the CPU")
        self._cpu: int | None = None
        self.tail_calls = 0
        self.trace: list[str] = []
        self.target: Target | None = None
        self.records: dict[int, Record] = {}
        self.enter(DONE, (self.context,))

    @property
    def cpu(self) -> int:
        """The CPU of this run; it does not change while a program runs."""
        if self._cpu is None:
            self._cpu = self._cpu_source()
        return self._cpu

    # -- calls -------------------------------------------------------------------------------------------------------

    def enter(self, resume: int, arguments: Sequence[int]) -> None:
        """Begins a call that goes on at `resume` when it returns."""
        depth = len(self.calls)
        if depth == MAX_FRAMES:
            raise StepError(f"more than {MAX_FRAMES} calls deep")
        regs = self.regs
        self.calls.append((resume, regs[6:11]))
        self.stacks[depth].clear()
        regs[:] = [UNSET, *arguments, *[UNSET] * (9 - len(arguments)), self.tops[depth]]

    def leave(self) -> int:
        """Ends the innermost call; where to go on."""
        resume, saved = self.calls.pop()
        self.regs[1:6] = [UNSET] * 5
        self.regs[6:11] = saved
        return resume

    def replace(self) -> None:
        """Makes the innermost call a fresh one, as a tail call does."""
        depth = len(self.calls) - 1
        self.stacks[depth].clear()
        self.regs[:] = [UNSET, self.context, *[UNSET] * 8, self.tops[depth]]

    # -- what arguments of helpers mean --------------------------------------------------------------------------------

    def map_at(self, address: int) -> SimMap:
        region, _ = self.memory.find(address)
        if not isinstance(region, Opaque) or not isinstance(region.thing, SimMap):
            raise StepError(f"{region.name} given to a helper in place of a map")
        return region.thing

    def require_context(self, address: int) -> None:
        if address != self.context:
            raise StepError("something else given to a helper in place of the context")

    def address_of(self, region: Region | None) -> int:
        """The address of a region, 0 for none."""
        return 0 if region is None else self.memory.place(region)
