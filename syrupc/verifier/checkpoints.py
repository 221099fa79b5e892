"""States that are kept to compare later ones with, and what becomes of them: covered, endless, or gone on from.

They also know how much of the walk from them is still open, and how long the paths from them are.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

from syrupc.kernel.costs import INSTRUCTION
from syrupc.verifier.cfg import Flow, is_call_back
from syrupc.verifier.cover import covers, outline_of, repeats
from syrupc.verifier.findings import Finding
from syrupc.verifier.state import ZEROED, Checkpoint, State, mark_read, register_place, slot_place
from syrupc.verifier.stops import endless
from syrupc.verifier.subject import Subject
from syrupc.verifier.values import ANYTHING, Number, Value

_KEEP_AFTER_JUMPS: Final = 2
_KEEP_AFTER_STEPS: Final = 8
_LOOP_JUMPS: Final = 20
_LOOP_STEPS: Final = 100
_PATIENCE: Final = 3
"""When kernels keep a state, and how often they compare one in vain before they forget it."""


@dataclass(slots=True, eq=False)
class Checkpoints:
    """The kept states by slot. `jumps` and `processed` are how much was walked when the last one was kept.

    `executed` and `dearest` (picoseconds) bound the longest path so far, `depths` the stack of each function.
    """

    subject: Subject
    flow: Flow
    kept: defaultdict[int, list[Checkpoint]] = field(default_factory=lambda: defaultdict(list))
    depths: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    jumps: int = 0
    processed: int = 0
    executed: int = 0
    dearest: int = 0
    calls_back: bool = field(init=False)
    all_matters: bool = field(init=False)

    def __post_init__(self) -> None:
        """Where a helper calls back, a state is covered by one from which not all is walked: then everything counts."""
        follows = self.subject.kernel.reasoning.follows_into_functions
        self.calls_back = any(is_call_back(insn) for insn in self.subject.insns)
        self.all_matters = self.calls_back or (not follows and len(self.flow.functions) > 1)

    def compare(self, state: State, jumps: int, processed: int) -> Finding | bool:
        """True if an earlier state covers this one; a finding if the loop never ends.

        `jumps` and `processed` count what was walked so far.
        """
        steps, jumps = processed - self.processed, jumps - self.jumps
        often, kernel = self.subject.conditions.often, self.subject.kernel.reasoning
        keep = often or (jumps >= _KEEP_AFTER_JUMPS and steps >= _KEEP_AFTER_STEPS)
        again = self.calls_back and is_call_back(self.subject.insns[state.slot])
        keep = keep or again
        kept = self.kept.get(state.slot)
        if kept is None:
            if keep:
                self._keep(state, jumps, steps)
            return False
        in_turn = not often and jumps < _LOOP_JUMPS and steps < _LOOP_STEPS
        live, outline = self.flow.live, None
        for earlier in reversed(kept):
            if earlier.open and again:
                if covers(earlier, state, live, True, True):
                    self.finish(state)
                    return True
            elif earlier.open:
                outline = outline or outline_of(state, live)
                same = earlier.outline == outline and earlier.unrolled == state.unrolled
                if same and repeats(earlier, state, live, kernel.compares_loops_exactly):
                    return endless(self.subject, state.slot)
                if in_turn:
                    keep = False
            elif covers(earlier, state, live, self.all_matters, self.calls_back):
                earlier.hits += 1
                self._inherit(state, earlier)
                return True
            if keep:
                earlier.misses += 1
            if earlier.misses > earlier.hits * _PATIENCE + _PATIENCE:
                kept.remove(earlier)
        if keep:
            self._keep(state, jumps, steps)
        return False

    def _inherit(self, state: State, earlier: Checkpoint) -> None:
        """What mattered to the walk from `earlier` matters to whoever leads to `state`."""
        for depth, frame in enumerate(state.frames):
            for register, value in enumerate(frame.registers):
                if earlier.precise & register_place(depth, register):
                    state.demand(value)
            for number, slot in frame.stack.items():
                place = slot_place(depth, number)
                if earlier.precise & place or (earlier.read & place and _holds_zeros(earlier, depth, number)):
                    state.demand(slot.value)
        mark_read(state.checkpoint, earlier.read & ~state.written)
        self.finish(state, earlier.longest, earlier.dearest)

    def _keep(self, state: State, jumps: int, steps: int) -> None:
        """Make the state a checkpoint, so much after the last one: from here on, numbers come from its places."""
        self.jumps += jumps
        self.processed += steps
        _drop_single_identities(state)
        origins: dict[int, int] = {}
        for depth, frame in enumerate(state.frames):
            for register, value in enumerate(frame.registers):
                if type(value) is Number:
                    place = register_place(depth, register)
                    origins[place] = value.origin
                    frame.registers[register] = value._replace(origin=place)
            for number, slot in frame.stack.items():
                if type(slot.value) is Number:
                    place = slot_place(depth, number)
                    origins[place] = slot.value.origin
                    frame.stack[number] = slot._replace(value=slot.value._replace(origin=place))
        checkpoint = Checkpoint(
            slot=state.slot,
            outline=outline_of(state, self.flow.live),
            frames=tuple(frame.copy() for frame in state.frames),
            unrolled=state.unrolled,
            references=state.references,
            parent=state.checkpoint,
            written=state.written,
            steps=state.steps,
            price=state.price,
            origins=origins,
        )
        self.kept[state.slot].append(checkpoint)
        state.checkpoint = checkpoint
        state.written = 0

    def finish(self, state: State, longest: int = 0, dearest: int = 0) -> None:
        """The path is done, but for the rest that is known: those that led to it have one less to wait for, and know
        how long it was."""
        self.measure(state)
        total, duration = state.steps + longest, _duration(state) + dearest
        self.executed, self.dearest = max(self.executed, total), max(self.dearest, duration)
        checkpoint = state.checkpoint
        while checkpoint is not None:
            checkpoint.longest = max(checkpoint.longest, total - checkpoint.steps)
            checkpoint.dearest = max(checkpoint.dearest, duration - _duration(checkpoint))
            checkpoint.open -= 1
            if checkpoint.open:
                return
            # All paths from here are walked: whoever led here learns of the longest of them at once.
            total, duration = checkpoint.steps + checkpoint.longest, _duration(checkpoint) + checkpoint.dearest
            checkpoint = checkpoint.parent

    def widen(self, state: State) -> None:
        """What differs from round to round and does not matter may be anything: then the next round is like this."""
        earlier = state.checkpoint
        while earlier is not None and not (earlier.slot == state.slot and len(earlier.frames) == len(state.frames)):
            earlier = earlier.parent
        if earlier is None:
            return
        for depth, (old, new) in enumerate(zip(earlier.frames, state.frames, strict=True)):
            for register, value in enumerate(new.registers):
                precise = earlier.precise & register_place(depth, register)
                if not precise and _differ(old.registers[register], value):
                    new.registers[register] = ANYTHING
            for number, slot in new.stack.items():
                before = old.stack.get(number)
                precise = earlier.precise & slot_place(depth, number)
                if before and before.bytes == slot.bytes and not precise and _differ(before.value, slot.value):
                    new.stack[number] = slot._replace(value=ANYTHING)

    def measure(self, state: State) -> None:
        """Remember the deepest use of the stack for each function."""
        for frame in state.frames:
            self.depths[frame.entry] = max(self.depths[frame.entry], -frame.lowest)


def _duration(at: State | Checkpoint) -> int:
    """The estimate for the way so far, in picoseconds."""
    return at.steps * INSTRUCTION + at.price


def _differ(old: Value, new: Value) -> bool:
    return type(old) is Number and type(new) is Number and old.range != new.range


def _holds_zeros(checkpoint: Checkpoint, depth: int, number: int) -> bool:
    """Whether bytes of the slot were known to be zero, which a stored number may have stood in for."""
    slot = checkpoint.frames[depth].stack.get(number)
    return slot is not None and ZEROED in slot.bytes


def _drop_single_identities(state: State) -> None:
    """An identity that only one number has ties nothing together; without it more states are alike."""
    seen: dict[int, int] = defaultdict(int)
    for frame in state.frames:
        for value in frame.registers:
            if type(value) is Number and value.id:
                seen[value.id] += 1
        for slot in frame.stack.values():
            if type(slot.value) is Number and slot.value.id:
                seen[slot.value.id] += 1
    single = {identity for identity, count in seen.items() if count == 1}
    if not single:
        return
    for frame in state.frames:
        for register, value in enumerate(frame.registers):
            if type(value) is Number and value.id in single:
                frame.registers[register] = Number(value.range, 0, value.origin)
        for number, slot in frame.stack.items():
            if type(slot.value) is Number and slot.value.id in single:
                frame.stack[number] = slot._replace(value=Number(slot.value.range, 0, slot.value.origin))
