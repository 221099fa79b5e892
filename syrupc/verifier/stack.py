"""Loads from and stores to the stack, byte by byte or as whole stored registers."""

from __future__ import annotations

from typing import Final

from syrupc.kernel.reasoning import Reasoning
from syrupc.verifier.domains import UNKNOWN, cut, unsigned
from syrupc.verifier.regions import stack_span
from syrupc.verifier.state import (
    FULL_SPILL,
    MISC,
    MISC_SLOT,
    SLOT,
    SPILLED,
    UNTOUCHED,
    UNTOUCHED_SLOT,
    ZEROED,
    Frame,
    Slot,
    State,
    slot_place,
)
from syrupc.verifier.values import ZERO, Kind, Number, Pointer, Value

_SPILLED: Final = bytes([SPILLED])
_MISC: Final = bytes([MISC])
_UNTOUCHED: Final = bytes([UNTOUCHED])
_ZEROED: Final = bytes([ZEROED])


def slots_of(low: int, high: int) -> range:
    """The slots that the bytes `[low, high)` relative to the frame pointer touch."""
    return range((-high) // SLOT, (-low - 1) // SLOT + 1)


def load(state: State, pointer: Pointer, offset: int, size: int, kernel: Reasoning) -> Value:
    """The value of `size` bytes at `pointer + offset`."""
    low, high = stack_span(pointer, pointer.offset + offset)
    frame = state.frames[pointer.target]
    touch(state, pointer.target, low, high + size)
    if pointer.fixed and low % SLOT == 0:
        whole = _load_spilled(frame.stack.get(-low // SLOT - 1, UNTOUCHED_SLOT), size, kernel)
        if whole is not None:
            return whole
    if all(_is_zero(frame, at) for at in range(low, high + size)):
        return Number(ZERO, 0, _origins(frame, low, high + size))
    return Number(unsigned(8 * size))


def load_stored(state: State, pointer: Pointer, size: int) -> Number | None:
    """The number at the pointer, if exactly `size` bytes were stored there at once, or if all are zero."""
    low, _ = stack_span(pointer, pointer.offset)
    frame = state.frames[pointer.target]
    if all(
        frame.stack.get((-at - 1) // SLOT, UNTOUCHED_SLOT).bytes[at % SLOT] == ZEROED for at in range(low, low + size)
    ):
        return Number(ZERO)
    slot = frame.stack.get((-low - 1) // SLOT, UNTOUCHED_SLOT)
    if low % SLOT or slot.bytes.count(SPILLED) != size or type(slot.value) is not Number:
        return None
    return slot.value


def stored_number(state: State, pointer: Pointer, size: int) -> Number | None:
    """The number in the `size` bytes at the pointer, in whichever way it came there; None if it is not known."""
    found = load_stored(state, pointer, size) if pointer.kind is Kind.STACK and pointer.fixed else None
    if found is not None or pointer.kind is not Kind.STACK or not pointer.fixed or pointer.offset % SLOT:
        return found
    slot = state.frames[pointer.target].stack.get(-pointer.offset // SLOT - 1, UNTOUCHED_SLOT)
    # The machine is little-endian: a whole register that is small enough reads as itself.
    if slot.bytes != FULL_SPILL or type(slot.value) is not Number or slot.value.range.umax >> 8 * size:
        return None
    return slot.value


def touch(state: State, depth: int, low: int, high: int) -> None:
    """The bytes `[low, high)` are read."""
    frame = state.frames[depth]
    frame.lowest = min(frame.lowest, low)
    places = 0
    for slot in slots_of(low, high):
        places |= slot_place(depth, slot)
    state.read(places)


def _load_spilled(slot: Slot, size: int, kernel: Reasoning) -> Value:
    """A stored register read back from its first byte on."""
    if slot.value is None or slot.bytes[:size] != FULL_SPILL[:size]:
        return None
    value = slot.value
    if type(value) is not Number or size == SLOT:
        return value
    if not kernel.reads_spilled_parts and slot.bytes.count(SPILLED) != size:
        return None
    narrow = cut(value.range, size, kernel)
    if narrow == value.range:
        return value
    return Number(narrow, 0, value.origin)


def _is_zero(frame: Frame, at: int) -> bool:
    slot = frame.stack.get((-at - 1) // SLOT, UNTOUCHED_SLOT)
    kind = slot.bytes[at % SLOT]
    return kind == ZEROED or (kind == SPILLED and type(slot.value) is Number and slot.value.range == ZERO)


def _origins(frame: Frame, low: int, high: int) -> int:
    """What the stored registers among these bytes were computed from."""
    found = 0
    for number in slots_of(low, high):
        slot = frame.stack.get(number, UNTOUCHED_SLOT)
        if SPILLED in slot.bytes and type(slot.value) is Number:
            found |= slot.value.origin
    return found


def store(state: State, pointer: Pointer, offset: int, size: int, value: Value, kernel: Reasoning) -> None:
    """Store a register, or a constant as a number."""
    low, high = stack_span(pointer, pointer.offset + offset)
    if not pointer.fixed:
        scatter(state, pointer.target, low, high + size, True, kernel)
        return
    frame = state.frames[pointer.target]
    frame.lowest = min(frame.lowest, low)
    number = -low // SLOT - 1 if low % SLOT == 0 else (-low - 1) // SLOT
    before = frame.stack.get(number, UNTOUCHED_SLOT)
    forgotten = type(value) is Number and value.range == UNKNOWN and not kernel.keeps_unbounded
    if low % SLOT == 0 and not forgotten and (size == SLOT or (kernel.follows_spilled_parts and type(value) is Number)):
        frame.stack[number] = _spill(before, size, value, kernel)
        if size == SLOT:
            state.written |= slot_place(pointer.target, number)
        return
    kind = MISC
    if type(value) is Number and value.range == ZERO:
        state.demand(value)
        kind = ZEROED
    start = low % SLOT
    old = _left(before)
    frame.stack[number] = Slot(old[:start] + bytes([kind] * size) + old[start + size :])
    if size == SLOT:
        state.written |= slot_place(pointer.target, number)


def _spill(before: Slot, size: int, value: Value, kernel: Reasoning) -> Slot:
    if type(value) is Pointer or (type(value) is Number and size == SLOT):
        return Slot(FULL_SPILL, value)
    assert type(value) is Number
    narrow = cut(value.range, size, kernel)
    kept = value if narrow == value.range and kernel.links_spilled else Number(narrow, 0, value.origin)
    return Slot(bytes([SPILLED] * size) + _scrubbed(before)[size:], kept)


def _scrubbed(slot: Slot) -> bytes:
    """The bytes without the register they may have been part of."""
    return slot.bytes.replace(_SPILLED, _MISC)


def _left(slot: Slot) -> bytes:
    """The bytes before a part of them is written: beside a stored register kernels forget zeros too."""
    if slot.bytes[0] == SPILLED:
        return slot.bytes.replace(_SPILLED, _MISC).replace(_ZEROED, _MISC)
    return _scrubbed(slot)


def scatter(state: State, depth: int, low: int, high: int, computed: bool, kernel: Reasoning) -> None:
    """Anything may now be in the bytes `[low, high)`: a write at a `computed` place, or by a helper."""
    frame = state.frames[depth]
    frame.lowest = min(frame.lowest, low)
    for number in slots_of(low, high):
        base = -(number + 1) * SLOT
        start, end = max(low - base, 0), min(high - base, SLOT)
        before = frame.stack.get(number, UNTOUCHED_SLOT)
        if end - start == SLOT:
            frame.stack[number] = MISC_SLOT
        else:
            # Where they do not permit untouched stack, kernels do not take what is left of a stored register either.
            spoilt = computed and not kernel.reads_untouched_stack
            old = (
                before.bytes.replace(_SPILLED, _UNTOUCHED)
                if spoilt
                else _scrubbed(before)
                if computed
                else _left(before)
            )
            frame.stack[number] = Slot(old[:start] + bytes([MISC] * (end - start)) + old[end:])
