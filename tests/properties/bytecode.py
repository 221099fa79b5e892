"""Random BPF programs that are nearly right: numbers that are almost bounded, branches, loops, spills, functions."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Final

from syrupc.isa import opcodes as op
from syrupc.isa.codec import wide_load
from syrupc.isa.insn import Insn

VALUE_SIZE: Final = 64
"""Of the one map that programs use."""

_CONSTANTS: Final = (0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 56, 60, 63, 64, 100, 255, 0xFFFF, 0x7FFFFFFF, -1, -8, -64)
_SLOTS: Final = (-16, -24, -32, -40)
_SAVED_VALUE: Final = -48
_SIZES: Final = (op.DW, op.DW, op.W, op.H, op.B)
_OPERATIONS: Final = (op.ADD, op.SUB, op.MUL, op.OR, op.AND, op.AND, op.XOR, op.MOV, op.DIV, op.MOD)
_SHIFTS: Final = (op.LSH, op.RSH, op.ARSH)
_COMPARISONS: Final = (
    op.JEQ,
    op.JNE,
    op.JGT,
    op.JGE,
    op.JLT,
    op.JLE,
    op.JSGT,
    op.JSGE,
    op.JSLT,
    op.JSLE,
    op.JSET,
)
_RANDOM_HELPER: Final = 7
_LOOKUP_HELPER: Final = 1
_CALL: Final = op.JMP | op.CALL


@dataclass(frozen=True, slots=True)
class Sample:
    """A program; `lookups` are the slots of its wide loads of the map."""

    insns: tuple[Insn, ...]
    lookups: tuple[int, ...]


@dataclass(slots=True)
class _Writer:
    rnd: random.Random
    insns: list[Insn] = field(default_factory=list)
    lookups: list[int] = field(default_factory=list)
    calls: list[tuple[int, int]] = field(default_factory=list)

    def add(self, *insns: Insn) -> None:
        self.insns.extend(insns)

    def register(self) -> int:
        return self.rnd.choice((6, 7, 1, 2, 3))  # the others count turns, or are spent

    def constant(self) -> int:
        return self.rnd.choice(_CONSTANTS)


def sample(rnd: random.Random) -> Sample:
    """One program: look up a value, compute an index in one of many ways, use it."""
    writer = _Writer(rnd)
    _look_up(writer)
    _start(writer)
    functions = rnd.randrange(3)
    for _ in range(rnd.randrange(1, 4)):
        _block(writer, 0, functions)
    for function in range(functions):  # one that nobody calls would be unreachable code
        _call(writer, function)
    _use(writer)
    starts = []
    for _ in range(functions):
        starts.append(len(writer.insns))
        _function(writer)
    for slot, function in writer.calls:
        writer.insns[slot] = Insn(_CALL, 0, op.CALL_LOCAL, 0, starts[function] - slot - 1)
    return Sample(tuple(writer.insns), tuple(writer.lookups))


def _look_up(writer: _Writer) -> None:
    writer.add(Insn(op.ST | op.MEM | op.W, 10, 0, -4, 0))
    writer.lookups.append(len(writer.insns))
    writer.add(*wide_load(1, 0, op.WIDE_MAP))
    writer.add(
        Insn(op.ALU64 | op.MOV | op.X, 2, 10), Insn(op.ALU64 | op.ADD, 2, 0, 0, -4), Insn(_CALL, imm=_LOOKUP_HELPER)
    )
    writer.add(Insn(op.JMP | op.JNE, 0, 0, 2), Insn(op.ALU64 | op.MOV, 0), Insn(op.JMP | op.EXIT))
    writer.add(Insn(op.STX | op.MEM | op.DW, 10, 0, _SAVED_VALUE))


def _start(writer: _Writer) -> None:
    for register in (6, 7, 8, 9):
        if writer.rnd.random() < 0.6:
            writer.add(Insn(_CALL, imm=_RANDOM_HELPER), Insn(op.ALU64 | op.MOV | op.X, register, 0))
        else:
            writer.add(Insn(op.ALU64 | op.MOV, register, imm=writer.constant()))
    _reset(writer)
    for slot in _SLOTS:
        writer.add(Insn(op.STX | op.MEM | op.DW, 10, writer.register(), slot))


def _reset(writer: _Writer) -> None:
    """The argument registers hold numbers again, after a call."""
    writer.add(*(Insn(op.ALU64 | op.MOV, register, imm=writer.constant()) for register in (1, 2, 3)))


def _block(writer: _Writer, depth: int, functions: int) -> None:
    rnd = writer.rnd
    for _ in range(rnd.randrange(1, 5)):
        kind = rnd.random()
        if kind < 0.45:
            _compute(writer)
        elif kind < 0.6:
            writer.add(Insn(op.STX | op.MEM | rnd.choice(_SIZES), 10, writer.register(), rnd.choice(_SLOTS)))
        elif kind < 0.7:
            writer.add(Insn(op.LDX | op.MEM | rnd.choice(_SIZES), writer.register(), 10, rnd.choice(_SLOTS)))
        elif kind < 0.75:
            writer.add(Insn(_CALL, imm=_RANDOM_HELPER), Insn(op.ALU64 | op.MOV | op.X, rnd.choice((6, 7)), 0))
            _reset(writer)
        elif kind < 0.82 and functions:
            _call(writer, rnd.randrange(functions))
        elif kind < 0.95 and depth < 3:
            _condition(writer, depth, functions)
        elif depth < 2:
            _loop(writer, depth, functions)


def _call(writer: _Writer, function: int) -> None:
    writer.calls.append((len(writer.insns), function))
    writer.add(Insn(_CALL), Insn(op.ALU64 | op.MOV | op.X, writer.rnd.choice((6, 7)), 0))
    _reset(writer)


def _compute(writer: _Writer) -> None:
    rnd = writer.rnd
    cls = rnd.choice((op.ALU64, op.ALU64, op.ALU))
    if rnd.random() < 0.2:
        writer.add(Insn(cls | rnd.choice(_SHIFTS), writer.register(), imm=rnd.randrange(64 if cls == op.ALU64 else 32)))
    elif rnd.random() < 0.1:
        writer.add(Insn(cls | op.MOV | op.X, writer.register(), writer.register(), rnd.choice((8, 16))))
    elif rnd.random() < 0.4:
        writer.add(Insn(cls | rnd.choice((*_OPERATIONS, *_SHIFTS)) | op.X, writer.register(), writer.register()))
    else:
        operation = rnd.choice(_OPERATIONS)
        immediate = writer.constant() or (operation in (op.DIV, op.MOD))
        writer.add(Insn(cls | operation, writer.register(), imm=int(immediate)))


def _jump(writer: _Writer) -> Insn:
    """A condition on numbers; its distance is filled in later."""
    rnd = writer.rnd
    opcode = rnd.choice((op.JMP, op.JMP, op.JMP32)) | rnd.choice(_COMPARISONS)
    if rnd.random() < 0.25:
        return Insn(opcode | op.X, writer.register(), writer.register())
    return Insn(opcode, writer.register(), imm=writer.constant())


def _condition(writer: _Writer, depth: int, functions: int) -> None:
    at, jump = len(writer.insns), _jump(writer)
    writer.add(jump)
    _block(writer, depth + 1, functions)
    other = len(writer.insns) if writer.rnd.random() < 0.4 else 0
    if other:
        writer.add(Insn(op.JMP | op.JA))
    writer.insns[at] = Insn(jump.opcode, jump.dst, jump.src, len(writer.insns) - at - 1, jump.imm)
    if other:
        _block(writer, depth + 1, functions)
        writer.insns[other] = Insn(op.JMP | op.JA, off=len(writer.insns) - other - 1)


def _loop(writer: _Writer, depth: int, functions: int) -> None:
    counter = 9 - depth
    writer.add(Insn(op.ALU64 | op.MOV, counter))
    top = len(writer.insns)
    _block(writer, depth + 2, functions)
    writer.add(Insn(op.ALU64 | op.ADD, counter, imm=1))
    writer.add(Insn(op.JMP | op.JLT, counter, 0, top - len(writer.insns) - 1, writer.rnd.choice((2, 3, 5, 10))))


def _use(writer: _Writer) -> None:
    """The index goes to the map value, the stack, or a return; most often it is bounded just before."""
    rnd = writer.rnd
    index = writer.register()
    bound = rnd.random()
    if bound < 0.35:
        writer.add(Insn(op.JMP | op.JGT, index, 0, 3, rnd.choice((7, 31, 60, 63, 64))))
    elif bound < 0.6:
        writer.add(Insn(op.ALU64 | op.AND, index, imm=rnd.choice((7, 31, 63, 64))))
    if rnd.random() < 0.6:
        writer.add(Insn(op.LDX | op.MEM | op.DW, 4, 10, _SAVED_VALUE), Insn(op.ALU64 | op.ADD | op.X, 4, index))
        writer.add(Insn(op.LDX | op.MEM | rnd.choice(_SIZES), 5, 4, rnd.choice((0, 0, 0, 1, 8))))
    else:
        writer.add(Insn(op.ALU64 | op.MOV | op.X, 4, 10), Insn(op.ALU64 | op.ADD | op.X, 4, index))
        writer.add(Insn(op.LDX | op.MEM | op.B, 5, 4, rnd.choice((-64, -128, -512))))
    writer.add(Insn(op.ALU64 | op.MOV, 0), Insn(op.JMP | op.EXIT))


def _function(writer: _Writer) -> None:
    """A function of two numbers that gives a number."""
    writer.add(Insn(op.ALU64 | op.MOV | op.X, 0, 1))
    for _ in range(writer.rnd.randrange(4)):
        operation = writer.rnd.choice((op.ADD, op.AND, op.OR, op.XOR))
        writer.add(Insn(op.ALU64 | operation, 0, imm=writer.constant()))
        if writer.rnd.random() < 0.3:
            writer.add(Insn(op.JMP | op.JGT, 0, 0, 1, writer.constant()), Insn(op.ALU64 | op.MOV | op.X, 0, 2))
    writer.add(Insn(op.JMP | op.EXIT))
