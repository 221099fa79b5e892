"""The helpers that work on maps."""

from __future__ import annotations

from errno import E2BIG, EINVAL, ENOENT

from syrupc.isa.machine.executors import PerfEventArray
from syrupc.isa.machine.maps import SimMap
from syrupc.isa.machine.memory import Region, StepError, UnmodelledStepError
from syrupc.isa.machine.queues import Bloom, Queue, RecordState, RingBuffer
from syrupc.isa.machine.state import State
from syrupc.isa.machine.tables import CellMap, LocalStorage

_M32 = (1 << 32) - 1


def lookup(state: State, map_address: int, key: int) -> int:
    found = state.map_at(map_address)
    return state.address_of(found.find(state.memory.read(key, found.shape.key_size), state.cpu))


def lookup_percpu(state: State, map_address: int, key: int, cpu: int) -> int:
    found = state.map_at(map_address)
    if cpu & _M32 >= found.cpus:
        return 0
    return state.address_of(found.find(state.memory.read(key, found.shape.key_size), cpu & _M32))


def update(state: State, map_address: int, key: int, value: int, flags: int) -> int:
    found = state.map_at(map_address)
    key_bytes = state.memory.read(key, found.shape.key_size)
    return found.put(key_bytes, state.memory.read(value, found.shape.value_size), flags, state.cpu)


def delete(state: State, map_address: int, key: int) -> int:
    found = state.map_at(map_address)
    return found.remove(state.memory.read(key, found.shape.key_size))


def push(state: State, map_address: int, value: int, flags: int) -> int:
    found = state.map_at(map_address)
    if not isinstance(found, Queue | Bloom):
        raise _wrong_kind("push", found)
    return found.push(state.memory.read(value, found.shape.value_size), flags)


def pop(state: State, map_address: int, value: int) -> int:
    found = state.map_at(map_address)
    if not isinstance(found, Queue):
        raise _wrong_kind("pop", found)
    return _give(state, value, found.pop(), found.shape.value_size)


def peek(state: State, map_address: int, value: int) -> int:
    found = state.map_at(map_address)
    if isinstance(found, Bloom):
        return found.test(state.memory.read(value, found.shape.value_size))
    if not isinstance(found, Queue):
        raise _wrong_kind("peek", found)
    return _give(state, value, found.peek(), found.shape.value_size)


def _give(state: State, address: int, value: bytes | None, size: int) -> int:
    state.memory.write(address, bytes(size) if value is None else value)
    return -ENOENT if value is None else 0


def for_each(state: State, map_address: int, callback: int, argument: int, flags: int) -> int:
    found = state.map_at(map_address)
    if flags:
        return -EINVAL
    if not isinstance(found, CellMap):
        raise _wrong_kind("for_each_map_elem", found)
    visited = 0
    for key, cell in found.entries():
        visited += 1
        key_address = state.memory.place(Region("a key", bytearray(key), writable=False))
        value = state.memory.place(cell[found.index(state.cpu)])
        if state.invoke(callback, (map_address, key_address, value, argument)):
            break
    return visited


def local_storage(state: State, map_address: int, _flags: int) -> int:
    found = state.map_at(map_address)
    if not isinstance(found, LocalStorage):
        raise _wrong_kind("get_local_storage", found)
    return state.memory.place(found.storage(state.cpu))


# -- ring buffers ----------------------------------------------------------------------------------------------------

_LARGEST_RECORD = _M32 // 4
_WAKEUP_FLAGS = 3


def ringbuf_reserve(state: State, map_address: int, size: int, flags: int) -> int:
    ring = _ring(state, map_address)
    record = None if flags or size > _LARGEST_RECORD else ring.reserve(size)
    if record is None:
        return 0
    address = state.memory.place(record)
    state.records[address] = record
    return address


def ringbuf_submit(state: State, address: int, _flags: int) -> None:
    _finish(state, address, RecordState.SUBMITTED)


def ringbuf_discard(state: State, address: int, _flags: int) -> None:
    _finish(state, address, RecordState.DISCARDED)


def _finish(state: State, address: int, outcome: RecordState) -> None:
    record = state.records.pop(address, None)
    if record is None:
        raise StepError("what is submitted or discarded is not a reserved record")
    record.state = outcome
    state.memory.withdraw(address)


def ringbuf_output(state: State, map_address: int, data: int, size: int, flags: int) -> int:
    ring = _ring(state, map_address)
    if flags & ~_WAKEUP_FLAGS:
        return -EINVAL
    return ring.output(state.memory.read(data, size))


def ringbuf_query(state: State, map_address: int, flags: int) -> int:
    ring = _ring(state, map_address)
    answers = (ring.produced - ring.consumed, ring.shape.max_entries, ring.consumed, ring.produced)
    return answers[flags] if flags < len(answers) else 0


def _ring(state: State, map_address: int) -> RingBuffer:
    found = state.map_at(map_address)
    if not isinstance(found, RingBuffer):
        raise _wrong_kind("ring buffer helper", found)
    return found


def perf_event_output(state: State, context: int, map_address: int, flags: int, data: int, size: int) -> int:
    state.require_context(context)
    found = state.map_at(map_address)
    if not isinstance(found, PerfEventArray):
        raise _wrong_kind("perf_event_output", found)
    state.memory.read(data, size)
    context_bytes = flags >> 32 & 0xFFFFF
    if flags >> 52:
        return -EINVAL
    if context_bytes:
        raise UnmodelledStepError("perf_event_output with bytes of the packet")
    index = state.cpu if flags & _M32 == _M32 else flags & _M32
    return -E2BIG if index >= found.shape.max_entries else -ENOENT


def _wrong_kind(what: str, found: SimMap) -> StepError:
    return StepError(f"{what} on map {found.shape.name} of type {found.shape.type}")
