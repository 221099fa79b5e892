"""Instructions -> functions without arguments, each of which does its work and returns the place to go on at.

Translating once and running often is what makes the interpreter quick enough to serve as an oracle.
"""

from __future__ import annotations

from syrupc.isa import opcodes as op
from syrupc.isa.codec import wide_immediate
from syrupc.isa.machine.arithmetic_steps import alu
from syrupc.isa.machine.control_steps import jump, target_slot
from syrupc.isa.machine.linkage import Linkage, LinkError, Operation, trap
from syrupc.isa.machine.maps import SimMap
from syrupc.isa.machine.memory import Region, StepError, UnmodelledStepError
from syrupc.isa.machine.memory_steps import load, packet_load, store_or_atomic
from syrupc.isa.machine.state import State


def translate(link: Linkage) -> list[Operation]:
    """One operation a slot, and one after the last. Raises `LinkError`."""
    middle = trap(StepError, "control reaches the second half of a wide load")
    end = trap(StepError, "control runs off the end of the program")
    slots = range(len(link.image.insns))
    return [*(_operation(link, slot) if slot in link.begins else middle for slot in slots), end]


def _operation(link: Linkage, slot: int) -> Operation:
    insn = link.image.insns[slot]
    following = link.base + slot + 1
    match insn.cls:
        case op.LD:
            return _wide(link, slot) if insn.opcode == op.WIDE else packet_load(link.state, insn, following)
        case op.LDX:
            return load(link.state, insn, following)
        case op.ST | op.STX:
            return store_or_atomic(link.state, insn, following)
        case op.ALU | op.ALU64:
            return alu(link.state, insn, following)
        case _:
            return jump(link, slot)


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
            return _address(link.state, insn.dst, link.code, target_slot(link, slot, insn.imm), following)
        case _:
            return trap(UnmodelledStepError, "address of a kernel symbol")


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
