"""Programs with random instructions changed, left out, put in or exchanged; jumps go on to where they went."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from syrupc.isa import opcodes as op
from syrupc.isa.codec import starts
from syrupc.isa.insn import Insn
from syrupc.kernel.contexts import CONTEXTS
from syrupc.kernel.helpers import helpers_of
from syrupc.kernel.program_types import BY_NAME
from syrupc.verifier.subject import Conditions, Subject

_MOST_EDITS: Final = 3
_OTHER_TYPE: Final = 0.05
_TYPES: Final = ("socket_filter", "sched_cls", "sched_act", "xdp", "cgroup_skb")
_STEPS: Final = (-8, -4, -2, -1, 1, 2, 4, 8)
_NUMBERS: Final = (
    *(0, 1, -1, 2, 3, 4, 5, 7, 8, 9, 11, 12, 14, 15, 16, 22, 31, 32, 33, 48, 56, 63, 64, 65, 127, 128, 255, 256),
    *(510, 511, 512, 513, 4095, 4096, 32767, -2, -4, -8, -16, -512, -520, 65535, 65536, 0x7FFFFFFF, -0x80000000),
    *(0x1FFFFFFF, 0x20000000),
)
_OPERATIONS: Final = tuple(range(0x00, 0xD0, 0x10))
_COMPARISONS: Final = (0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xA0, 0xB0, 0xC0, 0xD0)
_WIDTHS: Final = (op.B, op.H, op.W, op.DW)
_LONG_JUMP: Final = op.JMP32 | op.JA
_NOT_JUMPS: Final = frozenset({op.CALL, op.EXIT})


def edited(rnd: random.Random, subject: Subject, pool: Sequence[Insn]) -> Subject:
    """The program after one to three changes; `pool` are instructions of other programs to borrow."""
    for _ in range(rnd.choice((1, 1, 1, 2, 2, _MOST_EDITS))):
        plain = [slot for slot in starts(subject.insns) if subject.insns[slot].opcode != op.WIDE]
        if not plain:
            break
        slot = rnd.choice(plain)
        if rnd.random() < _OTHER_TYPE:
            subject = _retyped(subject, rnd.choice(_TYPES))
        elif rnd.random() < 0.08 and slot + 1 in plain:
            subject = spliced(subject, slot, 2, (subject.insns[slot + 1], subject.insns[slot]))
        else:
            subject = spliced(subject, slot, 1, _edit(rnd, subject.insns[slot], pool))
    return subject


def borrowable(insns: Sequence[Insn]) -> list[Insn]:
    """The instructions that mean the same in another program."""
    plain = (insns[slot] for slot in starts(insns))
    return [i for i in plain if i.opcode != op.WIDE and not _jumps(i) and not (_calls(i) and i.src)]


def spliced(subject: Subject, at: int, count: int, insns: Sequence[Insn]) -> Subject:
    """`count` slots at `at` are replaced; jumps from elsewhere go to the same instructions as before."""
    grown = len(insns) - count

    def moved(slot: int) -> int:
        return slot if slot <= at else max(at, slot - count) + len(insns)

    new = [*subject.insns[:at], *insns, *subject.insns[at + count :]]
    for slot, insn in enumerate(subject.insns):
        if _goes(insn) and not at <= slot < at + count:
            here = slot + grown if slot > at else slot
            new[here] = _going(insn, moved(slot + 1 + _distance(insn)) - here - 1)
    uses = {slot + grown if slot > at else slot: use for slot, use in subject.uses.items()}
    return replace(subject, insns=tuple(new), uses=uses)


def _retyped(subject: Subject, name: str) -> Subject:
    kernel = subject.kernel
    return replace(
        subject,
        type=BY_NAME[name],
        context=CONTEXTS[name],
        helpers=helpers_of(name, kernel.release),
        conditions=replace(subject.conditions, attach_type=Conditions().attach_type),
    )


# -- jumps -------------------------------------------------------------------------------------------------------------


def _jumps(insn: Insn) -> bool:
    return insn.cls in (op.JMP, op.JMP32) and insn.operation not in _NOT_JUMPS


def _calls(insn: Insn) -> bool:
    return insn.cls == op.JMP and insn.operation == op.CALL


def _goes(insn: Insn) -> bool:
    return _jumps(insn) or (_calls(insn) and insn.src == op.CALL_LOCAL)


def _distance(insn: Insn) -> int:
    return insn.imm if insn.opcode == _LONG_JUMP or _calls(insn) else insn.off


def _going(insn: Insn, distance: int) -> Insn:
    if insn.opcode == _LONG_JUMP or _calls(insn):
        return replace(insn, imm=max(-0x80000000, min(0x7FFFFFFF, distance)))
    return replace(insn, off=max(-0x8000, min(0x7FFF, distance)))


# -- what stands in the place of one instruction -----------------------------------------------------------------------


def _edit(rnd: random.Random, insn: Insn, pool: Sequence[Insn]) -> Sequence[Insn]:
    kind = rnd.random()
    if kind < 0.5:
        return (rnd.choice(_CHANGES)(rnd, insn),)
    if kind < 0.58:
        return ()
    if kind < 0.66:
        return insn, insn
    if kind < 0.75:
        return rnd.choice(pool), insn
    return rnd.choice(_ADDITIONS)(rnd), insn


def _register(rnd: random.Random, insn: Insn) -> Insn:
    """Another source or destination, where there is one: fields that mean nothing must stay zero."""
    has_source = insn.cls in (op.LDX, op.STX) or (_computes(insn) and insn.from_register)
    if has_source and rnd.random() < 0.5:
        return replace(insn, src=rnd.randrange(11))
    return (
        insn if insn.cls == op.LD or _calls(insn) or insn.operation == op.EXIT else replace(insn, dst=rnd.randrange(11))
    )


def _offset(rnd: random.Random, insn: Insn) -> Insn:
    if _jumps(insn):
        return _going(insn, _distance(insn) + rnd.choice((-2, -1, 1, 2)))
    if insn.cls not in (op.LDX, op.ST, op.STX):
        return insn
    off = rnd.choice((insn.off + rnd.choice(_STEPS), rnd.choice(_NUMBERS)))
    return replace(insn, off=max(-0x8000, min(0x7FFF, off)))


def _immediate(rnd: random.Random, insn: Insn) -> Insn:
    if not (insn.cls in (op.ST, op.LD) or (_computes(insn) and not insn.from_register)):
        return insn
    imm = rnd.choice((insn.imm + rnd.choice(_STEPS), rnd.choice(_NUMBERS)))
    return replace(insn, imm=max(-0x80000000, min(0x7FFFFFFF, imm)))


def _operation(rnd: random.Random, insn: Insn) -> Insn:
    """Another operation or comparison, a wider or narrower access, 64 bits for 32 or the reverse."""
    if insn.cls in (op.LDX, op.ST, op.STX):
        return replace(insn, opcode=insn.opcode & ~op.DW | rnd.choice(_WIDTHS))
    if not _computes(insn):
        return insn
    if rnd.random() < 0.3:
        return replace(insn, opcode=insn.opcode ^ (op.ALU ^ op.ALU64))
    operations = _OPERATIONS if insn.cls in (op.ALU, op.ALU64) else _COMPARISONS
    return replace(insn, opcode=insn.opcode & 0x0F | rnd.choice(operations))


def _computes(insn: Insn) -> bool:
    return insn.cls in (op.ALU, op.ALU64) or (_jumps(insn) and insn.operation != op.JA)


def _computed(rnd: random.Random) -> Insn:
    opcode, register = rnd.choice((op.ALU, op.ALU64)) | rnd.choice(_OPERATIONS), rnd.randrange(10)
    if rnd.random() < 0.5:
        return Insn(opcode | op.X, register, rnd.randrange(10))
    return Insn(opcode, register, imm=rnd.choice(_NUMBERS))


def _compared(rnd: random.Random) -> Insn:
    opcode, register = rnd.choice((op.JMP, op.JMP32)) | rnd.choice(_COMPARISONS), rnd.randrange(10)
    distance = rnd.choice((1, 1, 2, 3))
    if rnd.random() < 0.5:
        return Insn(opcode | op.X, register, rnd.randrange(10), distance)
    return Insn(opcode, register, 0, distance, rnd.choice(_NUMBERS))


def _kept(rnd: random.Random) -> Insn:
    """A register goes to the stack, or comes from there."""
    width, off = rnd.choice((*_WIDTHS, op.DW)), -rnd.choice((1, 2, 4, 8, 8, 16, 24))
    if rnd.random() < 0.5:
        return Insn(op.STX | op.MEM | width, op.FRAME_POINTER, rnd.randrange(10), off)
    return Insn(op.LDX | op.MEM | width, rnd.randrange(10), op.FRAME_POINTER, off)


_CHANGES: Final[Sequence[Callable[[random.Random, Insn], Insn]]] = (_register, _offset, _immediate, _operation)
_ADDITIONS: Final[Sequence[Callable[[random.Random], Insn]]] = (_computed, _compared, _kept)
