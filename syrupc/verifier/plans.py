"""What the walk does at each instruction, chosen once: what to check, what to change, where to go on."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from syrupc.isa.insn import Insn
from syrupc.isa.structure import slot_fault
from syrupc.verifier.cfg import (
    EXIT,
    is_call,
    is_call_back,
    is_conditional,
    is_goto,
    is_tail_call,
    jump_target,
    loads_packet,
    width,
)
from syrupc.verifier.checker import Check, check_of
from syrupc.verifier.obligations import Readable, Writable, obligations
from syrupc.verifier.prices import Price, price_of
from syrupc.verifier.quick import Shortcut, Way, shortcut_of, way_of
from syrupc.verifier.subject import Subject
from syrupc.verifier.transfer import Effect, Fresh, effect_of, may_split


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


def plan_of(subject: Subject, slot: int, fresh: Fresh) -> Plan:
    """What is to be done at the slot."""
    insn = subject.insns[slot]
    needed = obligations(insn, slot)
    checks = tuple(check for o in needed if (check := check_of(subject, slot, o)))
    accesses = next((o.register for o in needed if isinstance(o, Readable | Writable)), None)
    move = _move(insn)
    return Plan(
        insn=insn,
        checks=checks,
        effect=effect_of(subject, slot, fresh),
        shortcut=None if slot_fault(insn) else shortcut_of(insn),
        way=way_of(insn) if move is Move.BRANCH and not slot_fault(insn) else None,
        accesses=accesses,
        splits=subject.kernel.reasoning.walks_signs_apart and may_split(insn),
        price=price_of(subject, insn),
        move=move,
        behind=slot + width(insn),
        target=slot + 1 + insn.imm if move is Move.CALL else jump_target(insn, slot),
    )


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
