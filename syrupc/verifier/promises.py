"""What no kernel checks: whether a program does what its object says of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from syrupc.kernel.hooks import HOOKS
from syrupc.kernel.map_types import BY_NAME as MAP_TYPE
from syrupc.kernel.program_types import ProgramType
from syrupc.objfile.model import MapDefinition
from syrupc.spec import ProgramSpec
from syrupc.verifier.findings import Finding, not_proven, unsafe
from syrupc.verifier.stack import stored_number
from syrupc.verifier.state import State
from syrupc.verifier.subject import Promise, Subject
from syrupc.verifier.values import Number, Pointer

SK_PASS: Final = 1
"""What a program at the hook `socket` returns unless it drops (`enum sk_action`)."""

_unsafe: Final = partial(unsafe, "SYR525")
_not_proven: Final = partial(not_proven, "SYR525")


def promise_of(said: ProgramSpec, kind: ProgramType, maps: Sequence[MapDefinition]) -> Promise | Finding:
    """What the object promises of a program, or why that cannot be so."""
    hook = HOOKS.get(said.hook)
    if hook is None or hook.program_type != kind.name:
        return _unsafe(f"the object says that this {kind.name} program is for the hook `{said.hook}`")
    number = next((number for number, each in enumerate(maps) if each.name == said.executors), None)
    wanted = MAP_TYPE[hook.executor_map].number, said.max_executors
    if number is None or (maps[number].type, maps[number].max_entries) != wanted:
        return _unsafe(f"map `{said.executors}` does not hold the {said.max_executors} executors that the object says")
    return Promise(said.drops, number)


def check_passes(state: State) -> Finding | None:
    """The program's result is SK_PASS."""
    value = state.registers[0]
    if state.depth or state.frame.entry:
        return None  # a function's result is not the program's
    if type(value) is Number and value.range.umin == value.range.umax == SK_PASS:
        return None
    may_pass = type(value) is Number and value.range.umin <= SK_PASS <= value.range.umax
    if may_pass:
        return _not_proven("the program may drop, and the object says that it never does")
    return _unsafe("the program drops, and the object says that it never does")


def check_stays(state: State) -> Finding | None:
    """Control never leaves for another program, which might drop."""
    del state
    return _not_proven("the program ends in another one, and the object says that it never drops")


def check_index(subject: Subject, promise: Promise, state: State) -> Finding | None:
    """The executor that the call selects is one of those that there can be."""
    call, key = state.call, state.registers[3]
    if call is None or call.map != promise.executors:
        return None
    executors = subject.maps[promise.executors]
    index = stored_number(state, key, executors.key_size) if type(key) is Pointer else None
    if index is None:
        return _not_proven("which executor is selected is not known")
    if index.range.umax < executors.max_entries:
        state.demand(index)
        return None
    reached = f"the index is {index.range.umin} to {index.range.umax}, and there are {executors.max_entries} executors"
    if index.range.umin >= executors.max_entries:
        return _unsafe("an executor is selected that cannot exist", reached)
    return _not_proven("an executor may be selected that cannot exist", reached)
