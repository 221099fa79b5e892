"""What instructions cost beyond their being one, for the estimate of how long a run takes at most."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from syrupc.isa.insn import Insn
from syrupc.kernel import costs
from syrupc.verifier.cfg import CALL
from syrupc.verifier.state import State
from syrupc.verifier.subject import Subject

Price: TypeAlias = Callable[[State], int | None]
"""Picoseconds beyond `costs.INSTRUCTION`, the obligations being met; None if they were never measured."""


def price_of(subject: Subject, insn: Insn) -> Price | None:
    """The price of an instruction, None if it costs no more than others."""
    if insn.opcode == CALL and not insn.src:
        return partial(_call, subject)
    extra = costs.beyond(insn)
    return (lambda _: extra) if extra else None


def _call(subject: Subject, state: State) -> int | None:
    call = state.call
    assert call is not None
    return costs.call(call.helper.id, None if call.map is None else subject.maps[call.map].type)
