"""The walk: every path from the start, each with its own state, cut short where an earlier state covers the new one.

Paths are walked one after the other, the newest open one first. Where paths meet, a state is kept from time to time; a
later one that it covers need not go on. Joining states instead would be faster and prove more, but the kernel does not
do that: a program that it gives up on would pass here. For the same reason every instruction that is walked is counted,
and the count is held to the kernel's own limit.
"""

from __future__ import annotations

import enum
import itertools
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import Final

from syrupc.isa import opcodes as op
from syrupc.isa.insn import Insn
from syrupc.isa.structure import slot_fault
from syrupc.kernel.costs import INSTRUCTION
from syrupc.verifier.branches import assume, decide, operands
from syrupc.verifier.cfg import (
    EXIT,
    MAX_FRAMES,
    Flow,
    is_call,
    is_call_back,
    is_conditional,
    is_goto,
    is_tail_call,
    jump_target,
    loads_packet,
    starts,
    width,
)
from syrupc.verifier.checker import Check, check_of
from syrupc.verifier.cover import covers, outline_of, repeats
from syrupc.verifier.findings import Finding, too_costly, unsafe
from syrupc.verifier.obligations import EVERYWHERE, KernelCall, Readable, Writable, obligations
from syrupc.verifier.prices import Price, price_of
from syrupc.verifier.quick import Shortcut, Way, shortcut_of, way_of
from syrupc.verifier.state import ZEROED, Checkpoint, State, Turn, mark_read, register_place, slot_place
from syrupc.verifier.subject import Subject
from syrupc.verifier.transfer import (
    Effect,
    answer,
    call_alone,
    call_back,
    effect_of,
    enter,
    first_state,
    function_state,
    leave,
    may_split,
    return_at_once,
    split,
)
from syrupc.verifier.turns import Comparison, LoopWatch
from syrupc.verifier.values import ANYTHING, NAMES, NULL, REWRITTEN, Kind, Number, Pointer, Value

MAX_PROCESSED: Final = 1_000_000
MAX_OPEN: Final = 8192
"""The kernel's limits: instructions walked, and branches that wait to be walked."""

MAX_ROUNDS: Final = 1 << 23

_KEEP_AFTER_JUMPS: Final = 2
_KEEP_AFTER_STEPS: Final = 8
_LOOP_JUMPS: Final = 20
_LOOP_STEPS: Final = 100
_PATIENCE: Final = 3


@dataclass(frozen=True, slots=True)
class Walk:
    """What the walk has found. `turns` are the branches on the way to the finding; `duration` is the estimate for the
    dearest path, in picoseconds, None where something on the way was never measured."""

    finding: Finding | None
    turns: tuple[Turn, ...] = ()
    executed: int = 0
    duration: int | None = None
    processed: int = 0
    depths: tuple[tuple[int, int], ...] = ()


def explore(subject: Subject, flow: Flow, budget: int = MAX_PROCESSED) -> Walk:
    """Walk the program; the result says what is wrong first, or that nothing is."""
    return _Explorer(subject, flow, budget).run()


class Move(enum.Enum):
    """Where an instruction sends control."""

    ON = enum.auto()
    BRANCH = enum.auto()
    GOTO = enum.auto()
    CALL = enum.auto()
    CALL_BACK = enum.auto()
    LEAVE = enum.auto()
    """Goes on, or leaves the function for good: a tail call, the old way to read the packet."""
    EXIT = enum.auto()


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done at one slot: `accesses` is the register through which memory is reached.

    `splits` says that a number may have to be walked as each of its two values.
    """

    insn: Insn
    checks: tuple[Check, ...]
    effect: Effect
    shortcut: Shortcut | None
    way: Way | None
    accesses: int | None
    splits: bool
    price: Price | None
    move: Move
    behind: int
    target: int


@dataclass(slots=True, eq=False)
class _Explorer:
    """The state of the walk as a whole."""

    subject: Subject
    flow: Flow
    budget: int
    kept: defaultdict[int, list[Checkpoint]] = field(default_factory=lambda: defaultdict(list))
    pending: list[State] = field(default_factory=list)
    plans: dict[int, Plan] = field(default_factory=dict)
    kinds: dict[int, Kind] = field(default_factory=dict)
    depths: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    identities: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    processed: int = 0
    jumps: int = 0
    last_jumps: int = 0
    last_processed: int = 0
    executed: int = 0
    dearest: int = 0
    priced: bool = True
    watch: LoopWatch = field(init=False)
    all_matters: bool = False
    calls_back: bool = False
    lengths: dict[int, tuple[int, int]] = field(default_factory=dict)
    rounds: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Where a helper calls back, a state is covered by one from which not all is walked: then everything counts."""
        follows = self.subject.kernel.reasoning.follows_into_functions
        self.watch = LoopWatch(self.subject.kernel.reasoning)
        self.calls_back = any(is_call_back(insn) for insn in self.subject.insns)
        self.all_matters = self.calls_back or (not follows and len(self.flow.functions) > 1)

    def run(self) -> Walk:
        """Walk the global functions, then the program; what is wrong with the program is said first."""
        found: tuple[Finding, State] | None = None
        for entry in (*self._alone(), 0):
            self.executed = self.dearest = 0
            found = self._walk(entry) or found
            self.lengths[entry] = self.executed, self.dearest
        for turns in self.rounds.values():
            self.executed *= max(turns, 1)
            self.dearest *= max(turns, 1)
        return self._result(*found) if found else self._result(self._unvisited(), None)

    def _alone(self) -> list[int]:
        """The functions that kernels verify on their own, those that are called before those that call them."""
        order: list[int] = []
        pending, seen = [0], {0}
        while pending:
            slot = pending[-1]
            calls = (target for _, target in self.flow.functions[slot].calls if target not in seen)
            following = next(calls, None)
            if following is None:
                order.append(pending.pop())
            else:
                seen.add(following)
                pending.append(following)
        return [slot for slot in order if self.subject.called_alone(slot)]

    def _walk(self, entry: int) -> tuple[Finding, State] | None:
        """Walk everything from one entry; what is wrong first, and the state in which it is."""
        self.kept.clear()
        self.pending = [self._start(entry)]
        while self.pending:
            state = self.pending.pop()
            finding = self._path(state)
            if finding:
                return (finding if finding.slot >= 0 else replace(finding, slot=state.slot)), state
        return None

    def _start(self, entry: int) -> State:
        signature = self.subject.called_alone(entry)
        if signature is None:
            return first_state()
        return function_state(entry, signature.parameters or (), self._fresh)

    def _unvisited(self) -> Finding | None:
        """What is wrong with code that no path has reached."""
        for slot in starts(self.subject.insns):
            if slot in self.plans:
                continue
            for obligation in obligations(self.subject.insns[slot], slot):
                everywhere = isinstance(obligation, EVERYWHERE) and obligation != KernelCall(False)
                check = check_of(self.subject, slot, obligation) if everywhere else None
                finding = check(first_state()) if check else None
                if finding:
                    return replace(finding, slot=slot)
        return None

    def _result(self, finding: Finding | None, state: State | None) -> Walk:
        turns = []
        turn = state.turns if state else None
        while turn is not None:
            turns.append(turn)
            turn = turn.before
        depths = tuple(sorted(self.depths.items()))
        duration = self.dearest if self.priced else None
        return Walk(finding, tuple(reversed(turns)), self.executed, duration, self.processed, depths)

    # -- one path --------------------------------------------------------------------------------------------------

    def _path(self, state: State) -> Finding | None:
        """Walk on until the path ends, is covered, or something is wrong."""
        crossings, plans = self.flow.crossings, self.plans
        while True:
            self.processed += 1
            if self.processed > self.budget:
                return _too_many(self.budget)
            slot = state.slot
            if slot in crossings:
                outcome = self._compare(state) or self._look_ahead(state)
                if outcome is True:
                    return None
                if outcome:
                    return outcome
            plan = plans.get(slot) or self._plan(slot)
            state.steps += 1
            if plan.shortcut is not None and plan.shortcut(state):
                state.slot = plan.behind
                continue
            if plan.way is not None and not self.watch.looking:
                taken = plan.way(state)
                if taken is not None:
                    self.jumps += 1
                    state.slot = plan.target if taken else plan.behind
                    continue
            for check in plan.checks:
                finding = check(state)
                if finding:
                    return finding
            if plan.accesses is not None and (finding := self._check_kind(state, plan.accesses)):
                return finding
            if plan.price is not None:
                self._charge(state, plan.price(state))
            match plan.move:
                case Move.ON:
                    if self.watch.looking:
                        self.watch.notice(state, plan.insn)
                    if plan.splits and (other := split(state, plan.insn)):
                        if len(self.pending) >= MAX_OPEN:
                            return _too_many_branches()
                        self._wait(state, other)
                    plan.effect(state)
                    state.slot = plan.behind
                case Move.BRANCH:
                    self.jumps += 1
                    finding = self._branch(state, plan)
                    if finding:
                        return finding
                case Move.GOTO:
                    self.jumps += 1
                    state.slot = plan.target
                case Move.CALL:
                    if plan.target in self.lengths:
                        length, price = self.lengths[plan.target]
                        state.steps += length
                        state.price += price - length * INSTRUCTION
                        call_alone(state)
                        state.slot = plan.behind
                        continue
                    if len(state.frames) == MAX_FRAMES:
                        return _too_deep(state, plan.target)
                    enter(state, plan.target)
                case Move.CALL_BACK:
                    finding = self._call_back(state)
                    if finding:
                        return finding
                    plan.effect(state)
                    state.slot = plan.behind
                case Move.LEAVE:
                    plan.effect(state)
                    if state.depth:
                        # Where it succeeds, control is with the caller at once.
                        result = ANYTHING if plan.insn.cls == op.JMP else NULL
                        self._wait(state, return_at_once(state, result))
                    state.slot = plan.behind
                case Move.EXIT if state.frame.called_back:
                    self._measure(state)
                    answer(state)
                    self._widen(state)
                case Move.EXIT if state.depth:
                    self._measure(state)
                    leave(state)
                case Move.EXIT:
                    self._finish(state)
                    return None

    def _charge(self, state: State, price: int | None) -> None:
        if price is None:
            self.priced = False
        else:
            state.price += price

    def _plan(self, slot: int) -> Plan:
        """What is to be done at the slot, found when it is first reached."""
        subject, insn = self.subject, self.subject.insns[slot]
        needed = obligations(insn, slot)
        checks = tuple(check for o in needed if (check := check_of(subject, slot, o)))
        accesses = next((o.register for o in needed if isinstance(o, Readable | Writable)), None)
        move = _move(insn)
        made = Plan(
            insn=insn,
            checks=checks,
            effect=effect_of(subject, slot, self._fresh),
            shortcut=None if slot_fault(insn) else shortcut_of(insn),
            way=way_of(insn) if move is Move.BRANCH and not slot_fault(insn) else None,
            accesses=accesses,
            splits=subject.kernel.reasoning.walks_signs_apart and may_split(insn),
            price=price_of(subject, insn),
            move=move,
            behind=slot + width(insn),
            target=slot + 1 + insn.imm if move is Move.CALL else jump_target(insn, slot),
        )
        self.plans[slot] = made
        return made

    def _check_kind(self, state: State, register: int) -> Finding | None:
        """An instruction that the kernel rewrites for one region leads to that region on every path."""
        pointer = state.registers[register]
        assert type(pointer) is Pointer
        first = self.kinds.setdefault(state.slot, pointer.kind)
        if first is pointer.kind or not {first, pointer.kind} & REWRITTEN:
            return None
        return unsafe(
            "SYR509",
            f"this accesses {NAMES[first]} on one path and {NAMES[pointer.kind]} on another",
            help="write the access twice, once on each path",
        )

    def _wait(self, state: State, other: State) -> None:
        """Walk `other` later, which comes from `state`."""
        self.pending.append(other)
        if state.checkpoint is not None:
            state.checkpoint.open += 1

    def _call_back(self, state: State) -> Finding | None:
        """A helper calls a function, unless it has done so as often as it was told to, and then goes on."""
        call = state.call
        assert call is not None
        assert call.callback is not None
        if len(state.frames) == MAX_FRAMES:
            return _too_deep(state, call.callback)
        number, definition = call.map, self.subject.maps[call.map] if call.map is not None else None
        most = definition.max_entries if definition else _most(state.registers[1])
        self.rounds[state.slot] = max(self.rounds.get(state.slot, 0), most)
        if definition is None:
            state.demand(state.registers[1])
        if definition is not None or state.frame.rounds < most:
            if len(self.pending) >= MAX_OPEN:
                return _too_many_branches()
            self._wait(state, call_back(state, number, definition))
        state.frame.rounds = 0
        return None

    def _widen(self, state: State) -> None:
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

    def _fresh(self) -> int:
        return next(self.identities)

    def _measure(self, state: State) -> None:
        """Remember the deepest use of the stack for each function."""
        for frame in state.frames:
            self.depths[frame.entry] = max(self.depths[frame.entry], -frame.lowest)

    def _branch(self, state: State, plan: Plan) -> Finding | None:
        slot, insn = state.slot, plan.insn
        taken = decide(self.subject, state, insn)
        if self.watch.looking:
            left, right = operands(state, insn)
            bits = 64 if insn.cls == op.JMP else 32
            self.watch.comparisons.append(Comparison(slot, insn.operation, left, right, bits, taken))
        if taken is None:
            if len(self.pending) >= MAX_OPEN:
                return _too_many_branches()
            other = state.copy()
            assume(self.subject, other, insn, True)
            other.slot, other.turns = plan.target, Turn(slot, True, state.turns)
            self._wait(state, other)
            assume(self.subject, state, insn, False)
            state.turns = Turn(slot, False, state.turns)
        state.slot = plan.target if taken else plan.behind
        return None

    def _look_ahead(self, state: State) -> Finding | None:
        """Say now what walking the rest of a counting loop would only say much later."""
        if self.processed < self.watch.next_look:
            return None
        turns = self.watch.turns_left(state, self.flow.live[state.slot], self.processed, len(self.pending))
        if turns is None:
            return None
        if turns.lasts(-(-(self.budget - self.processed) // turns.processed)):
            return _too_many(self.budget)
        if turns.pending > 0 and turns.lasts(-(-(MAX_OPEN - len(self.pending)) // turns.pending)):
            return _too_many_branches()
        return None

    # -- comparing with earlier states -----------------------------------------------------------------------------

    def _compare(self, state: State) -> Finding | bool:
        """True if an earlier state covers this one; a finding if the loop never ends."""
        often, kernel = self.subject.conditions.often, self.subject.kernel.reasoning
        jumps, steps = self.jumps - self.last_jumps, self.processed - self.last_processed
        keep = often or (jumps >= _KEEP_AFTER_JUMPS and steps >= _KEEP_AFTER_STEPS)
        again = self.calls_back and is_call_back(self.subject.insns[state.slot])
        keep = keep or again
        kept = self.kept.get(state.slot)
        if kept is None:
            if keep:
                self._keep(state)
            return False
        in_turn = not often and jumps < _LOOP_JUMPS and steps < _LOOP_STEPS
        live, outline = self.flow.live, None
        for earlier in reversed(kept):
            if earlier.open and again:
                if covers(earlier, state, live, True, True):
                    self._finish(state)
                    return True
            elif earlier.open:
                outline = outline or outline_of(state, live)
                same = earlier.outline == outline and earlier.unrolled == state.unrolled
                if same and repeats(earlier, state, live, kernel.compares_loops_exactly):
                    return _endless()
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
            self._keep(state)
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
        self._finish(state, earlier.longest, earlier.dearest)

    def _keep(self, state: State) -> None:
        """Make the state a checkpoint: from here on, numbers come from its places."""
        self.last_jumps, self.last_processed = self.jumps, self.processed
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

    def _finish(self, state: State, longest: int = 0, dearest: int = 0) -> None:
        """The path is done, but for the rest that is known: those that led to it have one less to wait for, and know
        how long it was."""
        self._measure(state)
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


def _duration(at: State | Checkpoint) -> int:
    """The estimate for the way so far, in picoseconds."""
    return at.steps * INSTRUCTION + at.price


def _most(value: Value) -> int:
    """How often a helper calls that is told to call so often; kernels refuse more than 2**23 when they run it."""
    return min(value.range.umax, MAX_ROUNDS) if type(value) is Number else MAX_ROUNDS


def _differ(old: Value, new: Value) -> bool:
    return type(old) is Number and type(new) is Number and old.range != new.range


def _holds_zeros(checkpoint: Checkpoint, depth: int, number: int) -> bool:
    """Whether bytes of the slot were known to be zero, which a stored number may have stood in for."""
    slot = checkpoint.frames[depth].stack.get(number)
    return slot is not None and ZEROED in slot.bytes


def _move(insn: Insn) -> Move:
    if insn.opcode == EXIT:
        return Move.EXIT
    if is_call(insn):
        return Move.CALL
    if is_call_back(insn):
        return Move.CALL_BACK
    if is_tail_call(insn) or loads_packet(insn):
        return Move.LEAVE
    if is_conditional(insn):
        return Move.BRANCH
    return Move.GOTO if is_goto(insn) else Move.ON


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


# -- what stops a walk -------------------------------------------------------------------------------------------------


def _endless() -> Finding:
    return unsafe(
        "SYR514",
        "this loop never ends",
        "nothing that decides whether it goes on changes from one turn to the next",
        help="loop over `range(N)` with a constant N",
    )


def _too_deep(state: State, target: int) -> Finding:
    if any(frame.entry == target for frame in state.frames):
        return unsafe("SYR517", "functions call each other in a circle", help="write the recursion as a loop")
    return unsafe("SYR517", "calls are nested too deeply", f"kernels accept {MAX_FRAMES} functions in one another")


def _too_many(budget: int) -> Finding:
    return too_costly(
        "the kernel would give up on this program",
        f"more than {budget} instructions have to be walked to follow all its paths",
        help="give loops a smaller constant bound, or take decisions out of them",
    )


def _too_many_branches() -> Finding:
    return too_costly(
        "the kernel would give up on this program",
        f"more than {MAX_OPEN} branches are open at once",
        help="give loops a smaller constant bound",
    )
