"""Conditional jumps: which ways can be gone, and what each says of the values that were compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from syrupc.isa import opcodes as op
from syrupc.isa.insn import Insn
from syrupc.verifier import compare
from syrupc.verifier.domains import UNKNOWN, arithmetic, const, displaced
from syrupc.verifier.regions import MAX_PACKET
from syrupc.verifier.state import Slot, State
from syrupc.verifier.subject import Subject
from syrupc.verifier.tnum import M32
from syrupc.verifier.transfer import replace_values
from syrupc.verifier.values import (
    ANYTHING,
    AT_END,
    BEYOND_END,
    NEVER_ZERO,
    NULL,
    ZERO,
    Kind,
    Number,
    Pointer,
    Value,
)

_REFLEXIVE = (op.JEQ, op.JGE, op.JLE, op.JSGE, op.JSLE)
_BELOW = (op.JLT, op.JLE)


def decide(subject: Subject, state: State, insn: Insn) -> bool | None:
    """Whether the jump is taken in every machine, or in none; None if both can be."""
    left, right = operands(state, insn)
    bits = 64 if insn.cls == op.JMP else 32
    if type(left) is Number and type(right) is Number:
        taken = compare.decide(insn.operation, left.range, right.range, bits, subject.kernel.reasoning)
        if taken is not None:
            state.demand(left, right)
        return taken
    if bits == 32:
        return None
    if type(left) is Pointer and type(right) is Pointer:
        return _decide_packet(insn.operation, left, right)
    pointer, number = (left, right) if type(left) is Pointer else (right, left)
    assert type(pointer) is Pointer
    if type(number) is not Number or number.range != ZERO or pointer.nullable or pointer.kind not in NEVER_ZERO:
        return None
    state.demand(number)
    return {op.JEQ: False, op.JNE: True}.get(insn.operation)


def operands(state: State, insn: Insn) -> tuple[Value, Value]:
    right = state.registers[insn.src] if insn.from_register else Number(const(insn.imm))
    return state.registers[insn.dst], right


def _decide_packet(comparison: int, left: Pointer, right: Pointer) -> bool | None:
    """A pointer that an earlier comparison has put at or behind the end stays there."""
    if left.kind is Kind.PACKET_END:
        left, right, comparison = right, left, compare.SWAPPED[comparison]
    if left.kind is not Kind.PACKET or right.kind is not Kind.PACKET_END or left.extent >= 0:
        return None
    if left.extent == BEYOND_END and comparison in (op.JGT, op.JLE):
        return comparison == op.JGT
    if comparison in (op.JGE, op.JLT):
        return comparison == op.JGE
    return None


def assume(subject: Subject, state: State, insn: Insn, taken: bool) -> None:
    """Narrow `state` to the machines in which the jump goes this way."""
    left, right = operands(state, insn)
    bits = 64 if insn.cls == op.JMP else 32
    if insn.from_register and insn.dst == insn.src:
        # A number compared with itself teaches nothing, but on the way that it never goes kernels may lose it.
        if type(left) is Number and taken != (insn.operation in _REFLEXIVE) and insn.operation != op.JSET:
            state.registers[insn.dst] = ANYTHING
        return
    if type(left) is Number and type(right) is Number:
        _assume_numbers(subject, state, insn, taken, left, right, bits)
        return
    if bits == 32:
        return
    if type(left) is Pointer and type(right) is Pointer:
        _assume_pointers(subject, state, insn, taken, left, right)
        return
    if type(left) is Pointer and left.nullable and not insn.from_register and insn.imm == 0:
        equal = taken == (insn.operation == op.JEQ)
        if insn.operation in (op.JEQ, op.JNE):
            settle_null(state, left, equal)


# -- numbers -----------------------------------------------------------------------------------------------------------


def _assume_numbers(
    subject: Subject, state: State, insn: Insn, taken: bool, left: Number, right: Number, bits: int
) -> None:
    if subject.kernel.reasoning.follows_six:
        _part(state, *((right.id,) if insn.from_register else ()), left.id)
        left = left._replace(id=_identity(state, insn.dst))
        right = right._replace(id=_identity(state, insn.src) if insn.from_register else 0)
    new_left, new_right = compare.refine(insn.operation, taken, left.range, right.range, bits, subject.kernel.reasoning)
    origin = left.origin | right.origin
    if new_left != left.range:
        state.registers[insn.dst] = left._replace(range=new_left, origin=origin)
    if insn.from_register:
        if new_right != right.range:
            state.registers[insn.src] = right._replace(range=new_right, origin=origin)
        _spread(subject, state, insn.src, right)
    _spread(subject, state, insn.dst, left)


_NARROWED_TOGETHER: Final = 6


def _part(state: State, *identities: int) -> None:
    """Let only so many numbers of these identities keep them: the first that kernels meet, which meet some twice."""
    places = [place for identity in identities if identity for place in _holders(state, identity)]
    for values, place in places[_NARROWED_TOGETHER:]:
        value = values[place]
        if type(value) is Number:
            values[place] = value._replace(id=0, delta=0, half=False)
        elif type(value) is Slot and type(value.value) is Number:
            values[place] = value._replace(value=value.value._replace(id=0, delta=0, half=False))


def _holders(state: State, identity: int) -> Iterator[tuple[Any, int]]:
    """Where numbers of an identity are, in the order of kernels: the registers, then the stack from the top, by frame.

    Each is a place in a list or a mapping, whose value is the number or the slot that holds it.
    """
    for frame in reversed(state.frames):
        for register, value in enumerate(frame.registers):
            if type(value) is Number and value.id == identity:
                yield frame.registers, register
        stored = (n for n, slot in frame.stack.items() if type(slot.value) is Number and slot.value.id == identity)
        for number in sorted(stored):
            yield frame.stack, number


def _identity(state: State, register: int) -> int:
    value = state.registers[register]
    return value.id if type(value) is Number else 0


def _spread(subject: Subject, state: State, register: int, old: Number) -> None:
    """Tell everywhere that holds the same number as the register what it was narrowed to.

    Where a sum is narrowed, its parts follow even if nothing was learnt: kernels replace what they knew of them.
    """
    new = state.registers[register]
    if type(new) is not Number or not new.id:
        return
    if new.range == old.range and not _has_sums(state, new.id):
        return

    def linked(value: Value) -> bool:
        return type(value) is Number and value.id == new.id

    def follow(value: Value) -> Value:
        assert type(value) is Number
        origin = value.origin | new.origin
        if value.delta and new.delta and value.half != new.half:
            return value  # sums of different widths say nothing of each other
        if value.delta == new.delta:
            return value._replace(range=new.range, origin=origin)
        by = value.delta - new.delta
        if value.half or new.half:
            # A sum of 32 bits says nothing of the high half of what it was made of.
            whole = value.half or value.range.umax <= M32
            found = arithmetic(op.ADD, new.range, const(by), 32, subject.kernel.reasoning) if whole else UNKNOWN
        else:
            found = displaced(new.range, by, subject.kernel.reasoning)
        return value._replace(range=found, origin=origin)

    replace_values(state, linked, follow)


def _has_sums(state: State, identity: int) -> bool:
    values = (value for frame in state.frames for value in frame.registers)
    stored = (slot.value for frame in state.frames for slot in frame.stack.values())
    return any(type(value) is Number and value.id == identity and value.delta for value in (*values, *stored))


# -- pointers ----------------------------------------------------------------------------------------------------------


def settle_null(state: State, pointer: Pointer, null: bool) -> None:
    """All copies of a look-up's result become null, or usable."""
    identity = pointer.id

    def same(value: Value) -> bool:
        return type(value) is Pointer and value.nullable and value.id == identity

    def settled(value: Value) -> Value:
        assert type(value) is Pointer
        return NULL if null else value._replace(nullable=False, id=value.reference)

    replace_values(state, same, settled)
    if null and pointer.reference:
        state.references = tuple(r for r in state.references if r != pointer.reference)


def _assume_pointers(subject: Subject, state: State, insn: Insn, taken: bool, left: Pointer, right: Pointer) -> None:
    comparison = insn.operation
    if _is_end(left, right):
        _assume_packet(state, comparison, taken, insn.dst)
    elif _is_end(right, left):
        _assume_packet(state, compare.SWAPPED[comparison], taken, insn.src)
    elif comparison in (op.JEQ, op.JNE) and taken == (comparison == op.JEQ) and left.nullable != right.nullable:
        other = right if left.nullable else left
        if subject.kernel.reasoning.joins_null_tests and other.kind is not Kind.KERNEL_OBJECT:
            settle_null(state, left if left.nullable else right, False)


def _is_end(pointer: Pointer, end: Pointer) -> bool:
    """Whether `end` is where the region of `pointer` ends: metadata ends where the packet starts."""
    if pointer.kind is Kind.PACKET_META:
        return end.kind is Kind.PACKET and not end.offset and end.variable == ZERO
    return pointer.kind is Kind.PACKET and end.kind is Kind.PACKET_END


def _assume_packet(state: State, comparison: int, taken: bool, register: int) -> None:
    """`pointer comparison end` holds, or not: that many bytes from its variable offset on are in the packet."""
    pointer = state.registers[register]
    assert type(pointer) is Pointer
    relation = comparison if taken else compare.INVERSE.get(comparison, op.JSET)
    if relation in (op.JGT, op.JGE):
        if pointer.kind is Kind.PACKET:
            # Of this register only: kernels do not look for copies.
            end = BEYOND_END if relation == op.JGT else AT_END
            state.registers[register] = pointer._replace(extent=end)
        return
    if relation not in _BELOW:
        return
    strict = relation == op.JLT
    if pointer.offset < 0 or (pointer.offset == 0 and strict) or pointer.variable.smin < 0:
        return
    if pointer.variable.umax + pointer.offset > MAX_PACKET:
        return
    extent = pointer.offset + strict

    def same(value: Value) -> bool:
        return type(value) is Pointer and value.kind is pointer.kind and value.id == pointer.id

    def extended(value: Value) -> Value:
        assert type(value) is Pointer
        return value._replace(extent=max(value.extent, extent))

    replace_values(state, same, extended)
