"""The walk: every path from the start, each with its own state, cut short where an earlier state covers the new one.

Paths are walked one after the other, the newest open one first. Where paths meet, a state is kept from time to time; a
later one that it covers need not go on. Joining states instead would be faster and prove more, but the kernel does not
do that: a program that it gives up on would pass here. For the same reason every instruction that is walked is counted,
and the count is held to the kernel's own limit.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Final

from syrupc.isa import opcodes as op
from syrupc.kernel.costs import INSTRUCTION
from syrupc.verifier.branches import assume, decide, operands
from syrupc.verifier.cfg import MAX_FRAMES, Flow, starts
from syrupc.verifier.checker import check_of
from syrupc.verifier.checkpoints import Checkpoints
from syrupc.verifier.findings import Finding, unsafe
from syrupc.verifier.obligations import EVERYWHERE, KernelCall, obligations
from syrupc.verifier.plans import Move, Plan, plan_of
from syrupc.verifier.state import State, Turn
from syrupc.verifier.stops import MAX_OPEN, MAX_PROCESSED, blame_of, too_deep, too_many, too_many_branches
from syrupc.verifier.subject import Subject
from syrupc.verifier.transfer import (
    answer,
    call_alone,
    call_back,
    enter,
    first_state,
    function_state,
    leave,
    return_at_once,
    split,
)
from syrupc.verifier.turns import Comparison, LoopWatch
from syrupc.verifier.values import ANYTHING, NAMES, NULL, REWRITTEN, Kind, Number, Pointer, Value

MAX_ROUNDS: Final = 1 << 23


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


@dataclass(slots=True, eq=False)
class _Explorer:
    """The state of the walk as a whole."""

    subject: Subject
    flow: Flow
    budget: int
    states: Checkpoints = field(init=False)
    pending: list[State] = field(default_factory=list)
    plans: dict[int, Plan] = field(default_factory=dict)
    kinds: dict[int, Kind] = field(default_factory=dict)
    identities: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    processed: int = 0
    jumps: int = 0
    forks: Counter[int] = field(default_factory=Counter)
    priced: bool = True
    watch: LoopWatch = field(init=False)
    lengths: dict[int, tuple[int, int]] = field(default_factory=dict)
    rounds: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.states = Checkpoints(self.subject, self.flow)
        self.watch = LoopWatch(self.subject.kernel.reasoning)

    def run(self) -> Walk:
        """Walk the global functions, then the program; what is wrong with the program is said first."""
        found: tuple[Finding, State] | None = None
        for entry in (*self._alone(), 0):
            self.states.executed = self.states.dearest = 0
            found = self._walk(entry) or found
            self.lengths[entry] = self.states.executed, self.states.dearest
        for turns in self.rounds.values():
            self.states.executed *= max(turns, 1)
            self.states.dearest *= max(turns, 1)
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
        self.states.kept.clear()
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
        depths = tuple(sorted(self.states.depths.items()))
        duration = self.states.dearest if self.priced else None
        return Walk(finding, tuple(reversed(turns)), self.states.executed, duration, self.processed, depths)

    # -- one path --------------------------------------------------------------------------------------------------

    def _path(self, state: State) -> Finding | None:
        """Walk on until the path ends, is covered, or something is wrong."""
        crossings, plans = self.flow.crossings, self.plans
        while True:
            self.processed += 1
            if self.processed > self.budget:
                return self._too_many()
            slot = state.slot
            if slot in crossings:
                outcome = self.states.compare(state, self.jumps, self.processed) or self._look_ahead(state)
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
                            return self._too_many_branches()
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
                        return too_deep(state, plan.target)
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
                    self.states.measure(state)
                    answer(state)
                    self.states.widen(state)
                case Move.EXIT if state.depth:
                    self.states.measure(state)
                    leave(state)
                case Move.EXIT:
                    self.states.finish(state)
                    return None

    def _charge(self, state: State, price: int | None) -> None:
        if price is None:
            self.priced = False
        else:
            state.price += price

    def _plan(self, slot: int) -> Plan:
        made = self.plans[slot] = plan_of(self.subject, slot, self._fresh)
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
            return too_deep(state, call.callback)
        number, definition = call.map, self.subject.maps[call.map] if call.map is not None else None
        most = definition.max_entries if definition else _most(state.registers[1])
        self.rounds[state.slot] = max(self.rounds.get(state.slot, 0), most)
        if definition is None:
            state.demand(state.registers[1])
        if definition is not None or state.frame.rounds < most:
            if len(self.pending) >= MAX_OPEN:
                return self._too_many_branches()
            self._wait(state, call_back(state, number, definition))
        state.frame.rounds = 0
        return None

    def _fresh(self) -> int:
        return next(self.identities)

    def _branch(self, state: State, plan: Plan) -> Finding | None:
        slot, insn = state.slot, plan.insn
        taken = decide(self.subject, state, insn)
        if self.watch.looking:
            left, right = operands(state, insn)
            bits = 64 if insn.cls == op.JMP else 32
            self.watch.comparisons.append(Comparison(slot, insn.operation, left, right, bits, taken))
        if taken is None:
            if len(self.pending) >= MAX_OPEN:
                return self._too_many_branches()
            self.forks[slot] += 1
            other = state.copy()
            assume(self.subject, other, insn, True)
            other.slot, other.turns = plan.target, Turn(slot, True, state.turns)
            self._wait(state, other)
            assume(self.subject, state, insn, False)
            state.turns = Turn(slot, False, state.turns)
        state.slot = plan.target if taken else plan.behind
        return None

    def _too_many(self) -> Finding:
        return too_many(self.budget, blame_of(self.subject, self.forks, self.states.kept.values()))

    def _too_many_branches(self) -> Finding:
        return too_many_branches(blame_of(self.subject, self.forks, self.states.kept.values()))

    def _look_ahead(self, state: State) -> Finding | None:
        """Say now what walking the rest of a counting loop would only say much later."""
        if self.processed < self.watch.next_look:
            return None
        turns = self.watch.turns_left(state, self.flow.live[state.slot], self.processed, len(self.pending))
        if turns is None:
            return None
        if turns.lasts(-(-(self.budget - self.processed) // turns.processed)):
            return self._too_many()
        if turns.pending > 0 and turns.lasts(-(-(MAX_OPEN - len(self.pending)) // turns.pending)):
            return self._too_many_branches()
        return None


def _most(value: Value) -> int:
    """How often a helper calls that is told to call so often; kernels refuse more than 2**23 when they run it."""
    return min(value.range.umax, MAX_ROUNDS) if type(value) is Number else MAX_ROUNDS
