"""The abstract machine on one path: registers and stacks of the active frames, and what was borrowed from the kernel.

A *place* is a register or an eight-byte stack slot of a frame; sets of places are bit sets. Slots count downwards from
the frame pointer: slot 0 is `[fp-8, fp)`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from syrupc.kernel.helpers import Helper
from syrupc.verifier.domains import Scalar
from syrupc.verifier.values import Number, Pointer, Value

SLOT: Final = 8
STACK_SIZE: Final = 512
SLOTS: Final = STACK_SIZE // SLOT
REGISTERS: Final = 11

PLACES: Final = REGISTERS + SLOTS
"""How many a frame has: its registers come first."""

UNTOUCHED: Final = 0
MISC: Final = 1
ZEROED: Final = 2
SPILLED: Final = 3
"""What is known of a byte of the stack: nothing written, anything, zero, or that it is part of a stored register."""

EMPTY_BYTES: Final = bytes(SLOT)
MISC_BYTES: Final = bytes([MISC] * SLOT)
ZERO_BYTES: Final = bytes([ZEROED] * SLOT)
FULL_SPILL: Final = bytes([SPILLED] * SLOT)


def register_place(frame: int, register: int) -> int:
    return 1 << (frame * PLACES + register)


def slot_place(frame: int, slot: int) -> int:
    return 1 << (frame * PLACES + REGISTERS + slot)


@dataclass(frozen=True, slots=True)
class Span:
    """Memory that a helper touches: `size` bytes at most, from the argument in `register`."""

    register: int
    size: int
    write: bool
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Call:
    """A helper call whose arguments are right: the helper, the map among them, and the memory that it touches.

    `callback` is the first slot of the function that the helper calls.
    """

    helper: Helper
    map: int | None
    spans: tuple[Span, ...]
    released: int = 0
    allocated: int = 0
    callback: int | None = None


class Slot(NamedTuple):
    """Eight bytes of stack, lowest address first; `value` is what the spilled ones belong to."""

    bytes: bytes = EMPTY_BYTES
    value: Number | Pointer | None = None


UNTOUCHED_SLOT: Final = Slot()
MISC_SLOT: Final = Slot(MISC_BYTES)
ZERO_SLOT: Final = Slot(ZERO_BYTES)


class Frame:
    """One active function: its registers, its stack by slot, how far down that goes, and the call that entered it.

    `called_back` says that a helper made the call, and may make it again; `rounds` how often the helper that this
    function is calling has done so.
    """

    __slots__ = ("call", "called_back", "entry", "lowest", "registers", "rounds", "stack")

    def __init__(self, entry: int, call: int) -> None:
        self.registers: list[Value] = [None] * REGISTERS
        self.stack: dict[int, Slot] = {}
        self.lowest = 0
        self.entry = entry
        self.call = call
        self.called_back = False
        self.rounds = 0

    def copy(self) -> Frame:
        other = Frame.__new__(Frame)
        other.registers = self.registers.copy()
        other.stack = self.stack.copy()
        other.lowest, other.entry, other.call = self.lowest, self.entry, self.call
        other.called_back, other.rounds = self.called_back, self.rounds
        return other


class Turn(NamedTuple):
    """A branch on the way here: the slot of the jump, whether it was taken, and the turn before."""

    slot: int
    taken: bool
    before: Turn | None


@dataclass(slots=True, eq=False)
class Checkpoint:
    """A state that was kept to compare later ones with.

    `origins` gives, for each place that holds a number, the places of `parent` that it was computed from; `precise` are
    the places whose number has mattered since, `reasons` the slots where; `read` are the stack slots that were read,
    `written` those that were replaced between `parent` and here. `open` counts the paths from here that are still to be
    walked; of those that are walked, `longest` is the most instructions, `dearest` the most picoseconds.
    """

    slot: int
    outline: tuple[Scalar | Value, ...]
    frames: tuple[Frame, ...]
    references: tuple[int, ...]
    unrolled: int
    parent: Checkpoint | None
    written: int
    steps: int
    price: int
    origins: dict[int, int]
    precise: int = 0
    reasons: dict[int, int] = field(default_factory=dict)
    read: int = 0
    open: int = 1
    longest: int = 0
    dearest: int = 0
    hits: int = 0
    misses: int = 0


class State:
    """The machine before the instruction at `slot`, `steps` instructions after the start.

    `price` is what they cost, in picoseconds, beyond their number.
    """

    __slots__ = ("call", "checkpoint", "frames", "price", "references", "slot", "steps", "turns", "unrolled", "written")

    def __init__(self, slot: int, frame: Frame) -> None:
        self.slot = slot
        self.frames = [frame]
        self.references: tuple[int, ...] = ()
        self.checkpoint: Checkpoint | None = None
        self.written = 0
        self.steps = 0
        self.price = 0
        self.unrolled = 0  # how often a helper has called back on the way here
        self.turns: Turn | None = None
        self.call: Call | None = None  # set by the check of a helper call, for carrying it out

    def copy(self) -> State:
        other = State.__new__(State)
        other.slot, other.steps, other.turns = self.slot, self.steps, self.turns
        other.frames = [frame.copy() for frame in self.frames]
        other.call, other.unrolled, other.price = None, self.unrolled, self.price
        other.references, other.checkpoint, other.written = self.references, self.checkpoint, self.written
        return other

    @property
    def frame(self) -> Frame:
        return self.frames[-1]

    @property
    def depth(self) -> int:
        return len(self.frames) - 1

    @property
    def registers(self) -> list[Value]:
        return self.frames[-1].registers

    # -- what the outcome depends on ---------------------------------------------------------------------------------

    def demand(self, *values: Value) -> None:
        """From here on the exact range of these numbers matters: earlier states are compared with it in mind."""
        places = 0
        for value in values:
            if type(value) is Number:
                places |= value.origin
        mark_precise(self.checkpoint, places, self.slot)

    def read(self, places: int) -> None:
        """These stack slots are read: whoever wants to continue like this state must have the same in them."""
        mark_read(self.checkpoint, places & ~self.written)


def mark_precise(checkpoint: Checkpoint | None, places: int, slot: int) -> None:
    """What the instruction at `slot` needs exactly matters at the places that it was computed from."""
    while checkpoint is not None and places:
        places &= ~checkpoint.precise
        checkpoint.precise |= places
        earlier = 0
        while places:
            lowest = places & -places
            checkpoint.reasons[lowest] = slot
            earlier |= checkpoint.origins.get(lowest, 0)
            places ^= lowest
        checkpoint, places = checkpoint.parent, earlier


def mark_read(checkpoint: Checkpoint | None, places: int) -> None:
    while checkpoint is not None and places:
        places &= ~checkpoint.read
        checkpoint.read |= places
        places &= ~checkpoint.written
        checkpoint = checkpoint.parent
