"""Loads, stores and atomics as operations."""

from __future__ import annotations

from collections.abc import Callable

from syrupc.isa import opcodes as op
from syrupc.isa.codec import signed
from syrupc.isa.insn import Insn
from syrupc.isa.machine import arithmetic
from syrupc.isa.machine.arithmetic import M64
from syrupc.isa.machine.linkage import Operation
from syrupc.isa.machine.memory import OFFSET_MASK, Region, StepError
from syrupc.isa.machine.state import UNSET, State


def load(state: State, insn: Insn, following: int) -> Operation:
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


def store_or_atomic(state: State, insn: Insn, following: int) -> Operation:
    if insn.cls == op.ST:
        return _store_immediate(state, insn, following)
    if insn.mode == op.MEM or insn.imm == op.STORE_RELEASE:
        return _store(state, insn, following)
    match insn.imm:
        case op.LOAD_ACQUIRE:
            return load(state, insn, following)
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


def packet_load(state: State, insn: Insn, following: int) -> Operation:
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
