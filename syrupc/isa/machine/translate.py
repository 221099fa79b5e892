"""Instructions -> functions without arguments, each of which does its work and returns the place to go on at.

Translating once and running often is what makes the interpreter quick enough to serve as an oracle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from syrupc.isa import opcodes as op
from syrupc.isa.codec import signed, starts, wide_immediate
from syrupc.isa.insn import Insn
from syrupc.isa.machine import arithmetic
from syrupc.isa.machine.arithmetic import M32, M64
from syrupc.isa.machine.executors import Image
from syrupc.isa.machine.helpers import TAIL_CALL, Helper
from syrupc.isa.machine.maps import SimMap
from syrupc.isa.machine.memory import OFFSET_MASK, Opaque, Region, StepError, UnmodelledStepError
from syrupc.isa.machine.state import DONE, UNSET, State

Operation = Callable[[], int]


class LinkError(Exception):
    """The instruction at `slot` cannot be in any program."""

    def __init__(self, slot: int, reason: str) -> None:
        super().__init__(reason)
        self.slot = slot


@dataclass(frozen=True)
class Linkage:
    """What the instructions of one program refer to. `base` is where its first slot stands among all operations."""

    image: Image
    base: int
    code: Opaque
    state: State
    helpers: Mapping[int, Helper]
    tail_call: Callable[[int, int], int | None]
    """Address of a program array and index -> where to go on, `None` to fall through."""


def translate(link: Linkage) -> list[Operation]:
    """One operation a slot, and one after the last. Raises `LinkError`."""
    insns = link.image.insns
    begins = frozenset(starts(insns))
    return [_operation(link, slot, begins) if slot in begins else _trap(_MIDDLE) for slot in range(len(insns))] + [
        _trap(StepError("control runs off the end of the program"))
    ]


_MIDDLE: Final = StepError("control reaches the second half of a wide load")


def _trap(fault: StepError) -> Operation:
    def run() -> int:
        raise fault

    return run


def _operation(link: Linkage, slot: int, begins: frozenset[int]) -> Operation:
    insn = link.image.insns[slot]
    following = link.base + slot + 1
    match insn.cls:
        case op.LD:
            return _wide(link, slot) if insn.opcode == op.WIDE else _packet_load(link.state, insn, following)
        case op.LDX:
            return _load(link.state, insn, following)
        case op.ST | op.STX:
            return _store_or_atomic(link.state, insn, following)
        case op.ALU | op.ALU64:
            return _alu(link.state, insn, following)
        case _:
            return _jump(link, slot, begins)


# -- arithmetic --------------------------------------------------------------------------------------------------------


def _alu(state: State, insn: Insn, following: int) -> Operation:
    if insn.operation in (op.NEG, op.END):
        return _alu_unary(state, insn, following)
    if insn.operation == op.MOV and insn.from_register and insn.cls == op.ALU64 and insn.off == op.ADDR_SPACE_CAST:
        return _trap(UnmodelledStepError("cast between address spaces"))
    if insn.from_register:
        return _alu_register(state, insn, following)
    return _alu_immediate(state, insn, following)


def _alu_unary(state: State, insn: Insn, following: int) -> Operation:
    regs, dst, compute = state.regs, insn.dst, arithmetic.unary(insn)

    def run() -> int:
        regs[dst] = compute(regs[dst])
        return following

    return run


def _alu_register(state: State, insn: Insn, following: int) -> Operation:
    regs, dst, src, compute = state.regs, insn.dst, insn.src, arithmetic.binary(insn)
    # A move does not read what it overwrites.
    left = src if insn.operation == op.MOV else dst

    def run() -> int:
        regs[dst] = compute(regs[left], regs[src])
        return following

    def run32() -> int:
        regs[dst] = compute(regs[left] & M32, regs[src] & M32)
        return following

    return run if insn.cls == op.ALU64 else run32


def _alu_immediate(state: State, insn: Insn, following: int) -> Operation:
    regs, dst, compute = state.regs, insn.dst, arithmetic.binary(insn)
    value = insn.imm & (M64 if insn.cls == op.ALU64 else M32)

    def move() -> int:
        regs[dst] = value
        return following

    def run() -> int:
        regs[dst] = compute(regs[dst], value)
        return following

    def run32() -> int:
        regs[dst] = compute(regs[dst] & M32, value)
        return following

    if insn.operation == op.MOV:
        return move
    return run if insn.cls == op.ALU64 else run32


# -- memory ------------------------------------------------------------------------------------------------------------


def _load(state: State, insn: Insn, following: int) -> Operation:
    regs, memory, regions = state.regs, state.memory, state.memory.regions
    dst, src, off, size = insn.dst, insn.src, insn.off, insn.size

    def run() -> int:
        address = (regs[src] + off) & M64
        region = regions.get(address >> 32)
        if region is None:
            raise memory.nothing_at(address)
        regs[dst] = region.load(address & OFFSET_MASK, size)
        return following

    def run_signed() -> int:
        regs[dst] = signed(memory.load((regs[src] + off) & M64, size), 8 * size) & M64
        return following

    return run_signed if insn.mode == op.MEMSX else run


def _store_or_atomic(state: State, insn: Insn, following: int) -> Operation:
    if insn.cls == op.ST:
        return _store_immediate(state, insn, following)
    if insn.mode == op.MEM or insn.imm == op.STORE_RELEASE:
        return _store(state, insn, following)
    match insn.imm:
        case op.LOAD_ACQUIRE:
            return _load(state, insn, following)
        case op.CMPXCHG:
            return _compare_exchange(state, insn, following)
        case _:
            return _read_modify_write(state, insn, following)


def _store(state: State, insn: Insn, following: int) -> Operation:
    regs, memory, regions = state.regs, state.memory, state.memory.regions
    dst, src, off, size = insn.dst, insn.src, insn.off, insn.size

    def run() -> int:
        address = (regs[dst] + off) & M64
        region = regions.get(address >> 32)
        if region is None:
            raise memory.nothing_at(address)
        region.store(address & OFFSET_MASK, size, regs[src])
        return following

    return run


def _store_immediate(state: State, insn: Insn, following: int) -> Operation:
    regs, memory, dst, off, size, value = state.regs, state.memory, insn.dst, insn.off, insn.size, insn.imm

    def run() -> int:
        memory.store((regs[dst] + off) & M64, size, value)
        return following

    return run


def _aligned(state: State, insn: Insn) -> Callable[[], tuple[Region, int]]:
    regs, memory, dst, off, size = state.regs, state.memory, insn.dst, insn.off, insn.size

    def find() -> tuple[Region, int]:
        region, offset = memory.find((regs[dst] + off) & M64)
        if offset % size:
            raise StepError(f"atomic operation on {size} bytes at offset {offset} of {region.name}, not aligned")
        return region, offset

    return find


def _read_modify_write(state: State, insn: Insn, following: int) -> Operation:
    regs, src, size, compute = state.regs, insn.src, insn.size, arithmetic.atomic(insn.imm)
    find, fetch = _aligned(state, insn), insn.imm & op.FETCH

    def run() -> int:
        region, offset = find()
        old = region.load(offset, size)
        region.store(offset, size, compute(old, regs[src]))
        if fetch:
            regs[src] = old
        return following

    return run


def _compare_exchange(state: State, insn: Insn, following: int) -> Operation:
    regs, src, size, find = state.regs, insn.src, insn.size, _aligned(state, insn)
    mask = (1 << 8 * size) - 1

    def run() -> int:
        region, offset = find()
        old = region.load(offset, size)
        # Both operands are read whatever the outcome, and memory must be writable whatever the outcome.
        expected, wanted = regs[0] & mask, regs[src] & mask
        region.store(offset, size, wanted if old == expected else old)
        regs[0] = old
        return following

    return run


def _packet_load(state: State, insn: Insn, following: int) -> Operation:
    regs, size, imm = state.regs, insn.size, insn.imm
    index = insn.src if insn.mode == op.IND else None

    def run() -> int:
        state.require_context(regs[6] + 0)
        offset = signed(imm if index is None else imm + regs[index], 32)
        data = state.packet.load_legacy(offset, size)
        regs[1:6] = [UNSET] * 5
        if data is None:
            regs[0] = 0
            return state.leave()
        regs[0] = int.from_bytes(data, "big")
        return following

    return run


# -- wide loads --------------------------------------------------------------------------------------------------------


def _wide(link: Linkage, slot: int) -> Operation:
    insn, following = link.image.insns[slot], link.base + slot + 2
    value = wide_immediate(link.image.insns, slot)
    match insn.src:
        case op.WIDE_NUMBER:
            return _constant(link.state, insn.dst, value, following)
        case op.WIDE_MAP | op.WIDE_MAP_INDEX:
            return _address(link.state, insn.dst, _map(link, slot).handle, 0, following)
        case op.WIDE_MAP_VALUE | op.WIDE_MAP_INDEX_VALUE:
            return _address(link.state, insn.dst, _only_value(link, slot), value >> 32, following)
        case op.WIDE_CODE:
            return _address(link.state, insn.dst, link.code, slot + 1 + insn.imm, following)
        case _:
            return _trap(UnmodelledStepError("address of a kernel symbol"))


def _constant(state: State, dst: int, value: int, following: int) -> Operation:
    regs = state.regs

    def run() -> int:
        regs[dst] = value
        return following

    return run


def _address(state: State, dst: int, region: Region, offset: int, following: int) -> Operation:
    regs, place = state.regs, state.memory.place

    def run() -> int:
        regs[dst] = place(region) + offset
        return following

    return run


def _map(link: Linkage, slot: int) -> SimMap:
    index = link.image.insns[slot].imm
    if index not in link.image.maps:
        raise LinkError(slot, f"there is no map {index}")
    return link.image.maps[index]


def _only_value(link: Linkage, slot: int) -> Region:
    region = _map(link, slot).direct_value()
    if region is None:
        raise LinkError(slot, "only the value of an array with one entry has an address of its own")
    return region


# -- jumps and calls ---------------------------------------------------------------------------------------------------


def _jump(link: Linkage, slot: int, begins: frozenset[int]) -> Operation:
    insn, following = link.image.insns[slot], link.base + slot + 1

    def target(distance: int) -> int:
        if slot + 1 + distance not in begins:
            raise LinkError(slot, f"goes to slot {slot + 1 + distance}, where no instruction begins")
        return link.base + slot + 1 + distance

    match insn.operation:
        case op.JA:
            return _goto(target(insn.imm if insn.cls == op.JMP32 else insn.off))
        case op.EXIT:
            return _exit(link.state)
        case op.CALL if insn.src == op.CALL_LOCAL:
            return _call_local(link.state, target(insn.imm), following)
        case op.CALL if insn.src == op.CALL_KFUNC:
            return _trap(UnmodelledStepError(f"kernel function {insn.imm}"))
        case op.CALL if insn.imm == TAIL_CALL:
            return _tail_call(link, following)
        case op.CALL:
            return _call_helper(link, insn.imm, following)
        case op.JCOND:
            return _trap(UnmodelledStepError("may_goto"))
        case _:
            return _branch(link.state, insn, target(insn.off), following)


def _goto(target: int) -> Operation:
    return lambda: target


def _branch(state: State, insn: Insn, target: int, following: int) -> Operation:
    regs, dst, src, test = state.regs, insn.dst, insn.src, arithmetic.test(insn)
    mask = M64 if insn.cls == op.JMP else M32
    value = insn.imm & mask

    def run_immediate() -> int:
        return target if test(regs[dst], value) else following

    def run_immediate32() -> int:
        return target if test(regs[dst] & M32, value) else following

    def run() -> int:
        return target if test(regs[dst] & mask, regs[src] & mask) else following

    if insn.from_register:
        return run
    return run_immediate if insn.cls == op.JMP else run_immediate32


def _exit(state: State) -> Operation:
    regs = state.regs

    def run() -> int:
        resume = state.leave()
        if resume == DONE and regs[0] is UNSET:
            raise StepError("returns without a value in r0")
        return resume

    return run


def _call_local(state: State, target: int, following: int) -> Operation:
    regs = state.regs

    def run() -> int:
        state.enter(following, regs[1:6])
        return target

    return run


def _call_helper(link: Linkage, number: int, following: int) -> Operation:
    helper = link.helpers.get(number)
    if helper is None:
        return _trap(UnmodelledStepError(f"helper {number}"))
    state, regs, function, end = link.state, link.state.regs, helper.function, 1 + helper.arity
    clobbered = [UNSET] * 5

    def run() -> int:
        arguments = regs[1:end]
        if UNSET in arguments:
            raise StepError(f"r{1 + arguments.index(UNSET)} holds nothing, and is an argument of {helper.name}")
        result = function(state, *arguments)
        regs[0] = UNSET if result is None else result & M64
        regs[1:6] = clobbered
        return following

    return run


def _tail_call(link: Linkage, following: int) -> Operation:
    state, regs = link.state, link.state.regs

    def run() -> int:
        if UNSET in regs[1:4]:
            raise StepError(f"r{1 + regs[1:4].index(UNSET)} holds nothing, and is an argument of tail_call")
        state.require_context(regs[1])
        target = link.tail_call(regs[2], regs[3] & M32)
        if target is not None:
            state.replace()
            return target
        regs[0:6] = [UNSET] * 6
        return following

    return run
