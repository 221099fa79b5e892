"""Jumps, calls and exits as operations."""

from __future__ import annotations

from syrupc.isa import opcodes as op
from syrupc.isa.insn import Insn
from syrupc.isa.machine import arithmetic
from syrupc.isa.machine.arithmetic import M32, M64
from syrupc.isa.machine.helpers import TAIL_CALL
from syrupc.isa.machine.linkage import Linkage, LinkError, Operation, trap
from syrupc.isa.machine.memory import StepError, UnmodelledStepError
from syrupc.isa.machine.state import DONE, UNSET, State


def target_slot(link: Linkage, slot: int, distance: int) -> int:
    """Where the instruction at `slot` goes. Raises `LinkError` if no instruction begins there."""
    target = slot + 1 + distance
    if target not in link.begins:
        raise LinkError(slot, f"goes to slot {target}, where no instruction begins")
    return target


def jump(link: Linkage, slot: int) -> Operation:
    insn, following = link.image.insns[slot], link.base + slot + 1

    def target(distance: int) -> int:
        return link.base + target_slot(link, slot, distance)

    match insn.operation:
        case op.JA:
            return _goto(target(insn.imm if insn.cls == op.JMP32 else insn.off))
        case op.EXIT:
            return _exit(link.state)
        case op.CALL if insn.src == op.CALL_LOCAL:
            return _call_local(link.state, target(insn.imm), following)
        case op.CALL if insn.src == op.CALL_KFUNC:
            return trap(UnmodelledStepError, f"kernel function {insn.imm}")
        case op.CALL if insn.imm == TAIL_CALL:
            return _tail_call(link, following)
        case op.CALL:
            return _call_helper(link, insn.imm, following)
        case op.JCOND:
            return trap(UnmodelledStepError, "may_goto")
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
        return trap(UnmodelledStepError, f"helper {number}")
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
