"""The interpreter: runs a program on a context, exactly, without privileges, and says what it did."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import length_hint
from typing import Final

from syrupc.isa.codec import starts
from syrupc.isa.effects import registers_read
from syrupc.isa.machine.arithmetic import M32
from syrupc.isa.machine.contexts import Context
from syrupc.isa.machine.executors import Image, ProgramArray
from syrupc.isa.machine.helpers import HELPERS, Helper
from syrupc.isa.machine.linkage import Linkage, LinkError, Operation
from syrupc.isa.machine.memory import Memory, Opaque, StepError, UnmodelledStepError
from syrupc.isa.machine.state import DONE, UNSET, State, Target
from syrupc.isa.machine.translate import translate
from syrupc.isa.machine.world import World
from syrupc.isa.structure import encoding_faults

DEFAULT_BUDGET: Final = 1_000_000
MAX_TAIL_CALLS: Final = 33

Observer = Callable[[int, int, Sequence[int | None]], None]
"""Is told, before each instruction, the call depth, the slot, and the registers (`None`: holds nothing)."""


class MachineError(Exception):
    """The program did what no program may do, at `slot` of `program`."""

    def __init__(self, program: str, slot: int, reason: str) -> None:
        super().__init__(f"{program}, slot {slot}: {reason}")
        self.program = program
        self.slot = slot
        self.reason = reason


class UnmodelledError(MachineError):
    """The program did what this interpreter does not model; nothing is wrong with the program."""


@dataclass(frozen=True, slots=True)
class Result:
    """What a run gave: `r0` (64 bits), instructions executed, the executor chosen by a helper, the packet afterwards
    (from where `data` points), and the lines that were traced."""

    r0: int
    executed: int
    target: Target | None = None
    packet: bytes = b""
    trace: tuple[str, ...] = ()

    @property
    def retval(self) -> int:
        """What the kernel takes from `r0`: its low 32 bits."""
        return self.r0 & M32


@dataclass(frozen=True, slots=True)
class Options:
    """`budget` bounds the instructions of one run. `filler` is what unwritten stack bytes hold; `None`: reading one is
    an error. `helpers` are added to the table, or replace what it has."""

    budget: int = DEFAULT_BUDGET
    filler: int | None = None
    helpers: Mapping[int, Helper] = field(default_factory=dict)


class Machine:
    """A program made ready to run. Maps are shared and keep their contents; nothing else is kept between runs.

    Raises `MachineError` for a program that is malformed.
    """

    def __init__(self, image: Image, world: World | None = None, options: Options | None = None) -> None:
        self._options = options or Options()
        self._world = world or World.seeded()
        self._helpers = {**HELPERS, **self._options.helpers}
        self._state = State(self._options.filler)
        self._state.memory.keep()
        self._state.invoke = self._invoke
        self._operations: list[Operation] = []
        self._links: dict[int, Linkage] = {}
        self._entry = self._link(image).base
        self._ticks = iter(range(0))

    @property
    def memory(self) -> Memory:
        """What the running (or last) program sees, for an observer."""
        return self._state.memory

    def run(self, context: Context, world: World | None = None, observe: Observer | None = None) -> Result:
        """One run. Raises `MachineError`, and `UnmodelledError` for what this interpreter cannot tell."""
        state, budget = self._state, self._options.budget
        state.begin(context, world or self._world)
        self._ticks = iter(range(budget))
        self._observe = observe
        self._execute(self._entry)
        if state.records:
            raise self._error(MachineError, self._entry, "a ring buffer record is neither submitted nor discarded")
        executed = budget - length_hint(self._ticks)
        return Result(state.regs[0], executed, state.target, state.packet.data, tuple(state.trace))

    # -- running -----------------------------------------------------------------------------------------------------

    def _execute(self, at: int) -> None:
        """Runs until the call that was entered last returns."""
        operations = self._operations
        if self._observe is not None:
            return self._execute_observed(at, self._observe)
        try:
            for _ in self._ticks:
                at = operations[at]()
                if at < 0:
                    return None
        except (StepError, TypeError) as error:
            raise self._translated(error, at) from error
        raise self._error(MachineError, at, f"no end after {self._options.budget} instructions")

    def _execute_observed(self, at: int, observe: Observer) -> None:
        state = self._state
        try:
            for _ in self._ticks:
                observe(len(state.calls) - 1, self._place(at)[1], tuple(state.regs))
                at = self._operations[at]()
                if at < 0:
                    return
        except (StepError, TypeError) as error:
            raise self._translated(error, at) from error
        raise self._error(MachineError, at, f"no end after {self._options.budget} instructions")

    def _invoke(self, address: int, arguments: Sequence[int]) -> int:
        """Runs a function of the program for a helper."""
        region, offset = self._state.memory.find(address)
        if not isinstance(region, Opaque) or not isinstance(region.thing, Image):
            raise StepError(f"{region.name} given to a helper in place of a function")
        link = self._links[id(region.thing)]
        if offset not in link.begins:
            raise StepError(f"call back to slot {offset}, where no instruction begins")
        self._state.enter(DONE, arguments)
        self._execute(link.base + offset)
        return self._state.regs[0]

    def _tail_call(self, map_address: int, index: int) -> int | None:
        state = self._state
        programs = state.map_at(map_address)
        if not isinstance(programs, ProgramArray):
            raise StepError(f"tail call through map {programs.shape.name} of type {programs.shape.type}")
        image = programs.programs.get(index)
        if image is None or state.tail_calls >= MAX_TAIL_CALLS:
            return None
        state.tail_calls += 1
        return self._link(image).base

    # -- programs ----------------------------------------------------------------------------------------------------

    def _link(self, image: Image) -> Linkage:
        """Translates a program the first time it is needed."""
        link = self._links.get(id(image))
        if link is None:
            code = Opaque(f"code of {image.name}", image)
            base = len(self._operations)
            begins = frozenset(starts(image.insns))
            link = Linkage(image, begins, base, code, self._state, self._helpers, self._tail_call)
            self._operations.extend(self._translate(link))
            self._links[id(image)] = link
        return link

    def _translate(self, link: Linkage) -> list[Operation]:
        name = link.image.name
        for fault in encoding_faults(link.image.insns):
            raise MachineError(name, fault.slot, fault.reason)
        try:
            return translate(link)
        except LinkError as bad:
            raise MachineError(name, bad.slot, str(bad)) from bad

    # -- errors ------------------------------------------------------------------------------------------------------

    def _place(self, at: int) -> tuple[Linkage, int]:
        """The program and the slot of an operation."""
        link = max((link for link in self._links.values() if link.base <= at), key=lambda link: link.base)
        return link, at - link.base

    def _error(self, kind: type[MachineError], at: int, reason: str) -> MachineError:
        link, slot = self._place(at)
        return kind(link.image.name, slot, reason)

    def _translated(self, error: StepError | TypeError, at: int) -> Exception:
        """The error to raise for one that an operation raised. A `TypeError` is the program's only where the
        instruction reads a register that holds nothing; any other is a fault of the interpreter."""
        if isinstance(error, StepError):
            return self._error(
                UnmodelledError if isinstance(error, UnmodelledStepError) else MachineError, at, str(error)
            )
        link, slot = self._place(at)
        for register in registers_read(link.image.insns[slot]):
            if self._state.regs[register] is UNSET:
                return self._error(MachineError, at, f"reads r{register}, which holds nothing")
        return error
