"""What the verifier knows of registers and stack holds on every machine that takes the same steps.

A run of random instructions on numbers, beside the interpreter's arithmetic: what is linked, spilled, cut, extended and
narrowed by comparisons on the way must contain what the machine really has.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

import pytest

from syrupc.isa import opcodes as op
from syrupc.isa.insn import Insn
from syrupc.isa.machine import arithmetic
from syrupc.isa.structure import slot_fault
from syrupc.kernel.profiles import NAMES, profile
from syrupc.kernel.program_types import BY_NAME
from syrupc.verifier import branches, transfer
from syrupc.verifier.domains import UNKNOWN, const, unsigned, within
from syrupc.verifier.quick import shortcut_of, way_of
from syrupc.verifier.state import SLOT, SPILLED, ZEROED, Frame, State
from syrupc.verifier.subject import Subject
from syrupc.verifier.tnum import M32, M64
from syrupc.verifier.values import Kind, Number, Pointer
from tests.properties.test_verifier_domains import COMPARISONS, OPERATIONS, signed

RUNS: Final = 1200
STEPS: Final = 40
_SLOTS: Final = 4
_WORDS: Final = (0, 1, 2, 7, 8, 63, 255, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 32, 1 << 63, M64 - 1, M64)
_IMMEDIATES: Final = (0, 1, 2, 3, 8, 31, 63, 255, 4096, 0x7FFFFFFF, -1, -2, -8, -(1 << 31))
_SIZES: Final = (op.B, op.H, op.W, op.DW)
_ATOMICS: Final = tuple(a | f for a in op.ATOMIC_ARITHMETIC for f in (0, op.FETCH))


@dataclass
class Machine:
    """What one real machine has: registers and the bytes of `_SLOTS` stack slots, the lowest address first."""

    registers: list[int] = field(default_factory=lambda: [0] * 10)
    stack: bytearray = field(default_factory=lambda: bytearray(_SLOTS * SLOT))

    def at(self, offset: int) -> int:
        return len(self.stack) + offset

    def step(self, insn: Insn) -> None:
        if insn.cls in (op.ALU, op.ALU64):
            self.registers[insn.dst] = self._computed(insn)
        elif insn.cls == op.LDX:
            value = self._loaded(insn.off, insn.size)
            self.registers[insn.dst] = signed(value, 8 * insn.size) & M64 if insn.mode == op.MEMSX else value
        elif insn.mode == op.ATOMIC:
            self._atomic(insn)
        else:
            self._stored(insn.off, insn.size, insn.imm if insn.cls == op.ST else self.registers[insn.src])

    def _computed(self, insn: Insn) -> int:
        if insn.operation in (op.NEG, op.END):
            return arithmetic.unary(insn)(self.registers[insn.dst])
        return arithmetic.binary(insn)(*self.operands(insn, insn.cls == op.ALU64))

    def operands(self, insn: Insn, wide: bool) -> tuple[int, int]:
        keep = M64 if wide else M32
        right = self.registers[insn.src] if insn.from_register else insn.imm
        return self.registers[insn.dst] & keep, right & keep

    def _loaded(self, offset: int, size: int) -> int:
        return int.from_bytes(self.stack[self.at(offset) : self.at(offset) + size], "little")

    def _stored(self, offset: int, size: int, value: int) -> None:
        self.stack[self.at(offset) : self.at(offset) + size] = (value & (1 << 8 * size) - 1).to_bytes(size, "little")

    def _atomic(self, insn: Insn) -> None:
        before = self._loaded(insn.off, insn.size)
        operation = {op.ADD: int.__add__, op.OR: int.__or__, op.AND: int.__and__, op.XOR: int.__xor__}
        self._stored(insn.off, insn.size, operation[insn.imm & ~op.FETCH](before, self.registers[insn.src]))
        if insn.imm & op.FETCH:
            self.registers[insn.src] = before


@dataclass
class Run:
    """A machine, and what the verifier knows of it."""

    rnd: random.Random
    subject: Subject
    state: State
    machine: Machine
    fresh: Callable[[], int]

    def step(self) -> Insn:
        insn = self._jump() if self.rnd.random() < 0.25 else self._plain()
        if insn.cls in (op.JMP, op.JMP32):
            taken = arithmetic.test(insn)(*self.machine.operands(insn, insn.cls == op.JMP))
            quickly = way(self.state) if (way := way_of(insn)) else None
            assert quickly in (None, taken)
            assert branches.decide(self.subject, self.state, insn) in (None, taken)
            branches.assume(self.subject, self.state, insn, taken)
        else:
            self.go_on(insn)
        return insn

    def go_on(self, insn: Insn) -> None:
        """As the walk does it: by the shortcut, if that does, or else the whole way, for each sign where kernels do."""
        shortcut = shortcut_of(insn)
        if shortcut is None or not shortcut(self.state):
            if self.subject.kernel.reasoning.walks_signs_apart and transfer.may_split(insn):
                other = transfer.split(self.state, insn)
                if other is not None and self.wrong():
                    self.state = other
                assert not self.wrong()
            transfer.effect_of(replace(self.subject, insns=(insn,)), 0, self.fresh)(self.state)
        self.machine.step(insn)

    def _register(self) -> int:
        return self.rnd.randrange(6)  # few, so that they meet again

    def _jump(self) -> Insn:
        opcode = self.rnd.choice((op.JMP, op.JMP32)) | self.rnd.choice(COMPARISONS)
        if self.rnd.random() < 0.4:
            return Insn(opcode | op.X, self._register(), self._register(), 1)
        return Insn(opcode, self._register(), 0, 1, self._immediate())

    def _immediate(self) -> int:
        near = self.machine.registers[self._register()] + self.rnd.choice((-1, 0, 1))
        return self.rnd.choice((*_IMMEDIATES, *[signed(near, 32)] * 6))

    def _plain(self) -> Insn:
        while slot_fault(insn := self._any()):
            pass
        return insn

    def _any(self) -> Insn:
        rnd, place = self.rnd, -SLOT * self.rnd.randint(1, _SLOTS)
        size = rnd.choice(_SIZES)
        offset = place + rnd.choice((0, 0, 0, op.SIZES[size] * rnd.randrange(8 // op.SIZES[size])))
        match rnd.randrange(10):
            case 0:
                return Insn(op.STX | op.MEM | size, 10, self._register(), offset)
            case 1:
                return Insn(op.LDX | rnd.choice((op.MEM, op.MEM, op.MEMSX)) | size, self._register(), 10, offset)
            case 2:
                return Insn(op.ST | op.MEM | size, 10, 0, offset, self._immediate())
            case 3:
                size = rnd.choice((op.W, op.DW))
                return Insn(op.STX | op.ATOMIC | size, 10, self._register(), place, rnd.choice(_ATOMICS))
            case 4 | 5:
                cls = rnd.choice((op.ALU64, op.ALU64, op.ALU))
                return Insn(cls | op.MOV | op.X, self._register(), self._register(), rnd.choice((0, 0, 0, 8, 16, 32)))
            case 6:
                return Insn(
                    rnd.choice((op.ALU, op.ALU64)) | rnd.choice((op.NEG, op.END)),
                    self._register(),
                    imm=rnd.choice((0, 16, 32, 64)),
                )
        cls, operation = rnd.choice((op.ALU64, op.ALU64, op.ALU)), rnd.choice((*OPERATIONS, op.ADD, op.ADD))
        if rnd.random() < 0.4:
            return Insn(cls | operation | op.X, self._register(), self._register())
        by = (
            rnd.randrange(64 if cls == op.ALU64 else 32)
            if operation in (op.LSH, op.RSH, op.ARSH)
            else self._immediate()
        )
        return Insn(cls | operation, self._register(), imm=by)

    def wrong(self) -> list[str]:
        """What the verifier believes that is not so."""
        found = [
            f"r{number}: {value.range}, really {self.machine.registers[number]:#x}"
            for number, value in enumerate(self.state.registers[:10])
            if type(value) is Number and not value.range.contains(self.machine.registers[number])
        ]
        for number, slot in self.state.frame.stack.items():
            start = self.machine.at(-SLOT * (number + 1))
            real = self.machine.stack[start : start + SLOT]
            spilled = slot.bytes.count(SPILLED)
            stored = int.from_bytes(real[:spilled], "little")
            if spilled and type(slot.value) is Number and not slot.value.range.contains(stored):
                found.append(f"slot {number}: {slot.value.range}, really {stored:#x}")
            if any(byte == ZEROED and real[at] for at, byte in enumerate(slot.bytes)):
                found.append(f"slot {number} is not zero: {real.hex()}")
        return found


def run(seed: int, name: str) -> Run:
    rnd, kernel = random.Random(seed), profile(name)
    subject = Subject(
        name="steps",
        insns=(),
        type=BY_NAME["xdp"],
        context=None,
        helpers=frozenset(),
        maps=(),
        uses={},
        gpl=True,
        kernel=kernel,
    )
    machine, state = Machine(), State(0, Frame(0, -1))
    made = Run(rnd, subject, state, machine, itertools.count(1).__next__)
    state.registers[10] = Pointer(Kind.STACK)
    for register in range(10):
        word = rnd.choice((*_WORDS, rnd.getrandbits(64), rnd.getrandbits(32), rnd.randrange(300)))
        machine.registers[register] = word
        near = signed(word, 64)
        low, high = (
            max(near - rnd.choice((0, 3, 1 << 33)), -(1 << 63)),
            min(near + rnd.choice((0, 5, 1 << 31)), M64 >> 1),
        )
        sets = [UNKNOWN, const(word), within(low, high), *(unsigned(bits) for bits in (8, 16, 32) if not word >> bits)]
        state.registers[register] = Number(rnd.choice(sets))
    for slot in range(1, _SLOTS + 1):
        first = Insn(op.STX | op.MEM | op.DW, 10, slot, -SLOT * slot)
        made.go_on(first)
    return made


@pytest.mark.parametrize("name", NAMES)
def test_what_is_known_on_the_way_holds(name: str) -> None:
    known = 0
    for seed in range(RUNS):
        made, steps = run(seed, name), []
        for _ in range(STEPS):
            steps.append(made.step())
            assert not made.wrong(), (seed, steps[-3:], made.wrong())
        known += sum(type(v) is Number and v.range != UNKNOWN for v in made.state.registers)
    assert known > RUNS  # it knows something


def test_numbers_are_linked_on_the_way() -> None:
    linked = 0
    for seed in range(100):
        made = run(seed, NAMES[-1])
        for _ in range(STEPS):
            made.step()
        ids = [value.id for value in made.state.registers if type(value) is Number and value.id]
        linked += len(ids) - len(set(ids))
    assert linked
