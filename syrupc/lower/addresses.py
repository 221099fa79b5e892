"""Which registers of emitted code hold numbers and which may hold addresses, before each instruction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from syrupc.isa import opcodes as op
from syrupc.isa.codec import starts
from syrupc.isa.insn import Insn
from syrupc.kernel.helpers import HELPERS, Ret

_FRAME: Final = 10
_WORD: Final = 8


class _State(NamedTuple):
    """Registers that may hold addresses, those of them that may hold the context's, and the same of stack slots."""

    addresses: frozenset[int]
    contexts: frozenset[int]
    spilled: frozenset[int]
    spilled_contexts: frozenset[int]

    def join(self, other: _State) -> _State:
        return _State(*(a | b for a, b in zip(self, other, strict=True)))


_ARGUMENTS: Final = frozenset(range(1, 6))
_ENTRY: Final = _State(_ARGUMENTS | {_FRAME}, _ARGUMENTS, frozenset(), frozenset())
"""Any argument may be the context."""


def numbers_before(insns: Sequence[Insn]) -> list[frozenset[int]]:
    """For each slot the registers that hold no address there, whichever way leads to it."""
    states: dict[int, _State] = {}
    for entry in starts(insns):
        # What nothing before leads to is the first instruction of a function.
        pending = [] if entry in states else [(entry, _ENTRY)]
        while pending:
            slot, state = pending.pop()
            known = states.get(slot)
            joined = known.join(state) if known else state
            if joined == known or slot >= len(insns):
                continue
            states[slot] = joined
            after = _after(insns[slot], joined)
            pending += [(following, after) for following in _following(insns[slot], slot)]
    every = frozenset(range(_FRAME + 1))
    return [every - states[slot].addresses if slot in states else frozenset() for slot in range(len(insns))]


def _following(insn: Insn, slot: int) -> list[int]:
    if insn.opcode == op.WIDE:
        return [slot + 2]
    if insn.cls not in (op.JMP, op.JMP32) or insn.operation == op.CALL:
        return [slot + 1]
    if insn.operation == op.EXIT:
        return []
    if insn.operation == op.JA:
        return [slot + 1 + (insn.imm if insn.cls == op.JMP32 else insn.off)]
    return [slot + 1, slot + 1 + insn.off]


def _after(insn: Insn, state: _State) -> _State:
    match insn.cls:
        case op.LD:
            return _set(state, insn.dst, True)
        case op.LDX:
            return _load(insn, state)
        case op.STX if insn.mode == op.MEM and insn.dst == _FRAME:
            return _spill(insn, state)
        case op.ALU:
            return _set(state, insn.dst, False)
        case op.ALU64:
            return _compute(insn, state)
        case op.JMP if insn.operation == op.CALL:
            found = HELPERS.get(insn.imm)
            return _set(state, 0, insn.src != 0 or found is None or found.ret is not Ret.NUMBER)
    return state


def _compute(insn: Insn, state: _State) -> _State:
    source = insn.src if insn.from_register else -1
    if insn.operation == op.MOV:
        return _set(state, insn.dst, source in state.addresses, source in state.contexts)
    if insn.operation in (op.ADD, op.SUB):
        address = insn.dst in state.addresses or source in state.addresses
        return _set(state, insn.dst, address, insn.dst in state.contexts or source in state.contexts)
    return _set(state, insn.dst, False)


def _load(insn: Insn, state: _State) -> _State:
    if insn.size != _WORD or insn.mode != op.MEM:
        return _set(state, insn.dst, False)
    if insn.src == _FRAME:
        return _set(state, insn.dst, insn.off in state.spilled, insn.off in state.spilled_contexts)
    return _set(state, insn.dst, insn.src in state.contexts)  # other memory holds numbers alone


def _spill(insn: Insn, state: _State) -> _State:
    place = frozenset((insn.off,))
    spilled, contexts = state.spilled - place, state.spilled_contexts - place
    if insn.size == _WORD:
        spilled |= place if insn.src in state.addresses else frozenset()
        contexts |= place if insn.src in state.contexts else frozenset()
    return state._replace(spilled=spilled, spilled_contexts=contexts)


def _set(state: _State, register: int, address: bool, context: bool = False) -> _State:
    one = frozenset((register,))
    addresses = state.addresses | one if address else state.addresses - one
    return state._replace(addresses=addresses, contexts=state.contexts | one if context else state.contexts - one)
