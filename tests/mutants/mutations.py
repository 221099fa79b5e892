"""Accepted programs with one protection taken away: a test of null or bounds, a first value, a mask, a loop's bound."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from syrupc.isa import opcodes as op
from syrupc.isa.codec import starts
from syrupc.isa.insn import Insn
from syrupc.objfile.model import Program

_LOOK_UP: Final = 1
_NEAR: Final = 6
_CALL: Final = op.JMP | op.CALL
_ORDERED: Final = frozenset({op.JGT, op.JGE, op.JLT, op.JLE, op.JSGT, op.JSGE, op.JSLT, op.JSLE})
_GOTO: Final = op.JMP | op.JA
_MOST: Final = (1 << 31) - 1

# A comparison that goes both ways and teaches nothing: code behind a removed test stays reachable.
_EITHER: Final = Insn(op.JMP | op.JEQ, op.FRAME_POINTER)


@dataclass(frozen=True, slots=True)
class Mutant:
    """A program of which the instruction at `slot` was changed; `kind` names what was taken away."""

    program: Program
    kind: str
    slot: int


def mutants(rnd: random.Random, program: Program, most: int) -> list[Mutant]:
    """At most so many mutants, of all kinds alike as far as the program has them."""
    by_kind: dict[str, list[tuple[int, Insn]]] = {}
    for kind, slot, insn in _changes(rnd, program):
        by_kind.setdefault(kind, []).append((slot, insn))
    found: list[Mutant] = []
    for changes in by_kind.values():
        rnd.shuffle(changes)
    while len(found) < most and by_kind:
        for kind in sorted(by_kind):
            slot, insn = by_kind[kind].pop()
            found.append(Mutant(_changed(program, slot, insn), kind, slot))
            if not by_kind[kind]:
                del by_kind[kind]
    return found[:most]


def _changed(program: Program, slot: int, insn: Insn) -> Program:
    return replace(program, insns=(*program.insns[:slot], insn, *program.insns[slot + 1 :]))


def _changes(rnd: random.Random, program: Program) -> Iterator[tuple[str, int, Insn]]:
    tested = _null_tests(program.insns)
    for slot in starts(program.insns):
        insn = program.insns[slot]
        if slot in tested:
            yield "null test", slot, replace(_EITHER, off=insn.off)
        elif insn.cls in (op.JMP, op.JMP32) and insn.operation in _ORDERED | {op.JNE, op.JEQ}:
            yield from _compared(rnd, slot, insn)
        elif insn.cls in (op.ST, op.STX) and insn.mode == op.MEM and insn.dst == op.FRAME_POINTER:
            yield "stack initialisation", slot, Insn(_GOTO)
        elif insn.cls in (op.ALU, op.ALU64):
            yield from _computed(rnd, program.insns, slot, insn)
        elif insn.cls in (op.LDX, op.STX) and insn.mode == op.MEM and op.FRAME_POINTER not in (insn.dst, insn.src):
            yield "offset", slot, replace(insn, off=min(insn.off + rnd.choice((8, 64, 1024)), 0x7FFF))


def _null_tests(insns: tuple[Insn, ...]) -> frozenset[int]:
    """Comparisons with null of what a look-up just gave."""
    found = set()
    for call, insn in enumerate(insns):
        if insn.opcode != _CALL or insn.src != op.CALL_HELPER or insn.imm != _LOOK_UP:
            continue
        holders = {0}
        for slot in range(call + 1, min(call + 1 + _NEAR, len(insns))):
            after = insns[slot]
            if after.opcode == op.ALU64 | op.MOV | op.X and after.src in holders and not after.off:
                holders.add(after.dst)
            elif after.opcode in (op.JMP | op.JEQ, op.JMP | op.JNE) and after.dst in holders and not after.imm:
                found.add(slot)
                break
            elif after.cls in (op.ALU, op.ALU64, op.LDX):
                holders.discard(after.dst)
    return frozenset(found)


def _compared(rnd: random.Random, slot: int, insn: Insn) -> Iterator[tuple[str, int, Insn]]:
    if insn.off < 0:
        if not insn.from_register and insn.imm > 0:
            yield "loop bound", slot, replace(insn, imm=min(insn.imm * rnd.choice((2, 100, 100_000)), _MOST))
        return
    if insn.operation in _ORDERED:
        yield "bounds test", slot, replace(_EITHER, off=insn.off)
        if not insn.from_register:
            yield "weak bounds test", slot, replace(insn, imm=_larger(rnd, insn.imm))


def _larger(rnd: random.Random, number: int) -> int:
    return min(max(number, 1) * rnd.choice((2, 4, 1000)) + rnd.choice((1, 7)), _MOST)


def _computed(rnd: random.Random, insns: tuple[Insn, ...], slot: int, insn: Insn) -> Iterator[tuple[str, int, Insn]]:
    if insn.operation == op.MOV and not insn.off:
        yield "register initialisation", slot, Insn(_GOTO)
    elif insn.opcode == op.ALU64 | op.ADD and insn.imm >= 8 and _compared_soon(insns, slot):
        yield "packet length", slot, replace(insn, imm=insn.imm - rnd.choice((1, 4, 8)))
    elif insn.operation == op.AND and not insn.from_register and insn.imm > 0:
        yield "index mask", slot, replace(insn, imm=min(insn.imm * rnd.choice((2, 4, 256)) + 1, _MOST))
    elif insn.operation == op.RSH and not insn.from_register and insn.imm:
        yield "index shift", slot, replace(insn, imm=rnd.randrange(insn.imm))


def _compared_soon(insns: tuple[Insn, ...], slot: int) -> bool:
    register = insns[slot].dst
    return any(i.cls == op.JMP and i.from_register and register in (i.dst, i.src) for i in insns[slot + 1 : slot + 4])
