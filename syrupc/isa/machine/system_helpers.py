"""The helpers that ask about time, chance and CPU, print, compare strings, read memory, and loop."""

from __future__ import annotations

from collections.abc import Sequence
from errno import E2BIG, EFAULT, EINVAL
from typing import Final

from syrupc.isa.machine.memory import StepError, UnmodelledStepError
from syrupc.isa.machine.printf import conversions, render
from syrupc.isa.machine.state import UNSET, State

_M32: Final = (1 << 32) - 1


def ktime_get_ns(state: State) -> int:
    return state.now_ns()


def get_prandom_u32(state: State) -> int:
    return state.random() & _M32


def get_smp_processor_id(state: State) -> int:
    return state.cpu


def trace_printk(state: State, form: int, size: int) -> int:
    return _trace(state, state.memory.read(form, size & _M32), state.regs[3:6])


def trace_vprintk(state: State, form: int, size: int, data: int, data_size: int) -> int:
    if data_size & 7:
        return -EINVAL
    data_bytes = state.memory.read(data, data_size & _M32)
    words = [int.from_bytes(data_bytes[at : at + 8], "little") for at in range(0, len(data_bytes), 8)]
    return _trace(state, state.memory.read(form, size & _M32), words)


def _trace(state: State, form: bytes, arguments: Sequence[int]) -> int:
    text, end, _ = form.partition(b"\0")
    wanted = conversions(text)
    if not end or wanted > len(arguments):
        return -EINVAL
    if UNSET in arguments[:wanted]:
        raise StepError("a format string asks for an argument that holds nothing")
    text = render(text, arguments, lambda address: state.memory.string(address, 1024))
    state.trace.append(text.decode("utf-8", "backslashreplace"))
    return len(text)


def strncmp(state: State, first: int, size: int, second: int) -> int:
    size &= _M32
    a, b = (state.memory.string(address, size) for address in (first, second))
    return (a > b) - (a < b)


def probe_read(state: State, to: int, size: int, source: int) -> int:
    size &= _M32
    if source < 1 << 12:
        state.memory.clear(to, size)
        return -EFAULT
    try:
        data = state.memory.read(source, size)
    except StepError as fault:
        raise UnmodelledStepError(f"reading kernel memory: {fault}") from fault
    state.memory.write(to, data)
    return 0


_MOST_TURNS: Final = 1 << 23


def loop(state: State, turns: int, callback: int, argument: int, flags: int) -> int:
    turns &= _M32
    if flags:
        return -EINVAL
    if turns > _MOST_TURNS:
        return -E2BIG
    for turn in range(turns):
        if state.invoke(callback, (turn, argument)):
            return turn + 1
    return turns
