"""Whether what was shown for an earlier state holds for a later one: the earlier one stands for every machine of it."""

from __future__ import annotations

from syrupc.verifier.domains import Scalar
from syrupc.verifier.state import (
    MISC,
    PLACES,
    REGISTERS,
    SPILLED,
    UNTOUCHED,
    UNTOUCHED_SLOT,
    ZEROED,
    Checkpoint,
    Frame,
    Slot,
    State,
    register_place,
    slot_place,
)
from syrupc.verifier.values import ZERO, Kind, Number, Pointer, Value

Outline = tuple[Scalar | Value, ...]

Match = dict[int, int]
"""Identities of the earlier state -> those of the later one; the reverse is kept under negative numbers."""


def covers(
    earlier: Checkpoint, later: State, live: tuple[int, ...], all_matters: bool = False, all_read: bool = False
) -> bool:
    """Whether every path from `later` is safe because every path from `earlier`, all walked, is.

    Only what the walk from `earlier` has read counts, and of numbers only those whose range mattered, unless it
    cannot be told (`all_read`, `all_matters`).
    """
    if len(earlier.frames) != len(later.frames) or _differs(earlier, later, live) or not _same_calls(earlier, later):
        return False
    match: Match = {}
    if not _references(earlier.references, later.references, match):
        return False
    for depth, (old, new) in enumerate(zip(earlier.frames, later.frames, strict=True)):
        wanted = _wanted(later, depth, live)
        for register in range(REGISTERS):
            if wanted >> register & 1:
                precise = all_matters or bool(earlier.precise & register_place(depth, register))
                if not _value_covers(old.registers[register], new.registers[register], precise, match):
                    return False
        if old.rounds > new.rounds or not _stack_covers(earlier, depth, old, new, match, all_matters, all_read):
            return False
    return True


def _differs(earlier: Checkpoint, later: State, live: tuple[int, ...]) -> bool:
    """Whether a number that mattered is another one now: that tells most states apart, so it is asked first."""
    old, new = earlier.frames[-1].registers, later.frames[-1].registers
    places = earlier.precise >> PLACES * (len(later.frames) - 1) & live[later.slot]
    while places:
        register = (places & -places).bit_length() - 1
        places &= places - 1
        a, b = old[register], new[register]
        if type(a) is not Number or type(b) is not Number or not a.range.covers(b.range):
            return True
    return False


def outline_of(state: State, live: tuple[int, ...]) -> Outline:
    """What the registers hold that may still be read: two states that differ in it are told apart at once."""
    wanted = live[state.slot]
    return tuple(
        [
            value.range if type(value) is Number else value
            for register, value in enumerate(state.frames[-1].registers)
            if wanted >> register & 1
        ]
    )


def repeats(earlier: Checkpoint, later: State, live: tuple[int, ...], exactly: bool = True) -> bool:
    """Whether nothing at all has changed since `earlier` on the way to `later`: such a loop never ends.

    Their outlines are equal. Not `exactly`: older kernels believe so where no register has changed, and nothing on the
    stack that mattered.
    """
    if len(earlier.frames) != len(later.frames):
        return False
    # The innermost frame first: where anything has changed, it is mostly there.
    for depth in range(len(later.frames) - 1, -1, -1):
        old, new = earlier.frames[depth], later.frames[depth]
        if old.call != new.call or not _same_registers(old, new, _wanted(later, depth, live)):
            return False
        if not (_same_stack(old, new) if exactly else _stack_covers(earlier, depth, old, new, {})):
            return False
    return earlier.references == later.references


def _same_registers(old: Frame, new: Frame, wanted: int) -> bool:
    # From the last register on: counters are kept in the high ones.
    for register in range(REGISTERS - 1, -1, -1):
        if wanted >> register & 1 and not _same(old.registers[register], new.registers[register]):
            return False
    return True


def _same_stack(old: Frame, new: Frame) -> bool:
    if old.stack.keys() != new.stack.keys():
        return False
    for number, slot in old.stack.items():
        other = new.stack[number]
        if slot.bytes != other.bytes or not _same(slot.value, other.value):
            return False
    return True


def _same_calls(earlier: Checkpoint, later: State) -> bool:
    return len(later.frames) == 1 or all(
        old.call == new.call for old, new in zip(earlier.frames, later.frames, strict=True)
    )


def _wanted(later: State, depth: int, live: tuple[int, ...]) -> int:
    """Registers of the frame that may still be read; a caller's are those behind its call, without the result.

    A helper that calls back is called again when the function returns, with the arguments that it had.
    """
    if depth + 1 < len(later.frames):
        if later.frames[depth + 1].called_back:
            return live[later.frames[depth + 1].call]
        return live[later.frames[depth + 1].call + 1] & ~0b111111
    return live[later.slot]


def _same(old: Value, new: Value) -> bool:
    if type(old) is Number and type(new) is Number:
        return old.range == new.range
    return old == new


def _references(old: tuple[int, ...], new: tuple[int, ...], match: Match) -> bool:
    if not old:
        return not new
    return len(old) == len(new) and all(_matches(a, b, match) for a, b in zip(old, new, strict=True))


def _matches(old: int, new: int, match: Match) -> bool:
    """The identities stand for each other, one to one."""
    if not old or not new:
        return old == new
    if old not in match and -new not in match:
        match[old], match[-new] = new, old
    return match.get(old) == new and match.get(-new) == old


def _value_covers(old: Value, new: Value, precise: bool, match: Match) -> bool:
    if old is None:
        return True
    if type(old) is Number:
        if type(new) is not Number:
            return False
        if not precise:
            return True
        if old.id and not (
            new.id and _matches(old.id, new.id, match) and (old.delta, old.half) == (new.delta, new.half)
        ):
            return False
        return old.range.covers(new.range)
    return type(old) is Pointer and type(new) is Pointer and _pointer_covers(old, new, match)


def _pointer_covers(old: Pointer, new: Pointer, match: Match) -> bool:
    if old == new and not old.id and not old.reference:
        return True
    if (old.kind, old.offset, old.target, old.nullable, old.readonly) != (
        new.kind,
        new.offset,
        new.target,
        new.nullable,
        new.readonly,
    ):
        return False
    if not old.variable.covers(new.variable):
        return False
    if old.extent > new.extent or (old.extent < 0) != (new.extent < 0) or (old.extent < 0 and old != new):
        return False
    identified = old.nullable or old.kind in (Kind.PACKET, Kind.PACKET_META)
    if identified and not _matches(old.id, new.id, match):
        return False
    return _matches(old.reference, new.reference, match)


# -- stack -------------------------------------------------------------------------------------------------------------


def _stack_covers(
    earlier: Checkpoint,
    depth: int,
    old: Frame,
    new: Frame,
    match: Match,
    all_matters: bool = False,
    all_read: bool = False,
) -> bool:
    for number, slot in old.stack.items():
        place = slot_place(depth, number)
        if not (all_read or earlier.read & place):
            continue
        precise = all_matters or bool(earlier.precise & place)
        if not _slot_covers(slot, new.stack.get(number, UNTOUCHED_SLOT), precise, match):
            return False
    return True


def _slot_covers(old: Slot, new: Slot, precise: bool, match: Match) -> bool:
    if old.bytes == new.bytes and SPILLED not in old.bytes:
        return True
    if SPILLED in old.bytes:
        return old.bytes == new.bytes and _value_covers(old.value, new.value, precise, match)
    return all(_byte_covers(a, b, new.value) for a, b in zip(old.bytes, new.bytes, strict=True))


def _byte_covers(old: int, new: int, value: Value) -> bool:
    if old == UNTOUCHED:
        return True
    if old == ZEROED:
        return new == ZEROED or (new == SPILLED and type(value) is Number and value.range == ZERO)
    if old == MISC:
        return new in (MISC, ZEROED) or (new == SPILLED and type(value) is Number)
    return False
