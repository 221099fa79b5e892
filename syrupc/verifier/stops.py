"""What stops a walk before it has come to its end, and what in the program makes it so long."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from syrupc.verifier.cfg import MAX_FRAMES, circle, successors
from syrupc.verifier.explain import line_at
from syrupc.verifier.findings import Finding, too_costly, unsafe
from syrupc.verifier.state import REGISTERS, Checkpoint, State, register_place
from syrupc.verifier.subject import Subject
from syrupc.verifier.values import Number

MAX_PROCESSED: Final = 1_000_000
MAX_OPEN: Final = 8192
"""The kernel's limits: instructions walked, and branches that wait to be walked."""

_OFTEN: Final = 100


@dataclass(frozen=True, slots=True)
class Blame:
    """The condition that was followed both ways most often, and where what it decides was needed exactly."""

    slot: int
    times: int
    needed: int | None


def blame_of(subject: Subject, forks: Counter[int], kept: Iterable[list[Checkpoint]]) -> Blame | None:
    """What makes paths many, None where nothing stands out."""
    if not forks:
        return None
    ((slot, times),) = forks.most_common(1)
    if times < _OFTEN:
        return None
    needs: Counter[int] = Counter()
    for states in kept:
        needs.update(_needs(states))
    # Inside of a loop each turn needs its counter; what matters is what the conditions come to behind it.
    behind = (need for need, _ in needs.most_common() if not _leads(subject, need, slot))
    return Blame(slot, times, next(behind, None))


def _leads(subject: Subject, start: int, end: int) -> bool:
    """Whether control may get from one slot to the other in the same function."""
    return end in _reached(subject, start)


def _reached(subject: Subject, start: int) -> set[int]:
    """The slots that control may come to from this one in the same function, itself only by a loop."""
    seen: set[int] = set()
    pending = [start]
    while pending:
        slot = pending.pop()
        following = [after for after in successors(subject.insns[slot], slot) if after not in seen]
        seen.update(following)
        pending.extend(following)
    return seen


def _around(subject: Subject, slot: int) -> set[int]:
    """The slots that control may come to from this one and back again."""
    before = defaultdict(list)
    for each in _reached(subject, slot):
        for after in successors(subject.insns[each], each):
            before[after].append(each)
    seen, pending = {slot}, [slot]
    while pending:
        leading = [each for each in before[pending.pop()] if each not in seen]
        seen.update(leading)
        pending.extend(leading)
    return seen


def _needs(states: list[Checkpoint]) -> Iterable[int]:
    """Where numbers were needed exactly that differ between states at the same place."""
    first, last = states[0], states[-1]
    depth = len(last.frames) - 1
    if len(first.frames) != len(last.frames):
        return
    for register in range(REGISTERS):
        slot = last.reasons.get(register_place(depth, register), first.reasons.get(register_place(depth, register)))
        old, new = first.frames[depth].registers[register], last.frames[depth].registers[register]
        differ = type(old) is Number and type(new) is Number and old.range != new.range
        if differ and slot is not None:
            yield slot


def endless(subject: Subject, slot: int) -> Finding:
    """The loop around the slot never ends; it is told where it begins in the source."""
    found = unsafe(
        "SYR514",
        "this loop never ends",
        "nothing that decides whether it goes on changes from one turn to the next",
        help="loop over `range(N)` with a constant N",
    )
    placed = [(line.line, each) for each in _around(subject, slot) if (line := line_at(subject.lines, each))]
    return replace(found, shown=min(placed)[1]) if placed else found


def too_deep(state: State, target: int) -> Finding:
    if any(frame.entry == target for frame in state.frames):
        return circle()
    return unsafe("SYR517", "calls are nested too deeply", f"kernels accept {MAX_FRAMES} functions in one another")


def too_many(budget: int, blame: Blame | None = None) -> Finding:
    return _given_up(f"more than {budget} instructions have to be walked to follow all its paths", blame)


def too_many_branches(blame: Blame | None = None) -> Finding:
    return _given_up(f"more than {MAX_OPEN} branches are open at once", blame)


def _given_up(reason: str, blame: Blame | None) -> Finding:
    message = "the kernel would give up on this program"
    if blame is None:
        return too_costly(message, reason, help="give loops a smaller constant bound, or take decisions out of them")
    told = f"this condition was followed both ways {blame.times} times until then"
    if blame.needed is None:
        shorter = "give the loop around it a smaller constant bound, or decide this before the loop"
        return replace(too_costly(message, reason, told, help=shorter), slot=blame.slot)
    shorter = (
        "let fewer conditions decide it (`range(10)`), or keep the number in an entry of a map, and read it from there"
    )
    found = too_costly(message, reason, told, help=shorter)
    return replace(
        found, slot=blame.slot, related=((blame.needed, "every number that it may come to is followed to here"),)
    )
