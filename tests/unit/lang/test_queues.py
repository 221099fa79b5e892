"""Declared queues, stacks, Bloom filters and ring buffers in plain Python."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import syrup
from syrup import be32, u16, u32, u64

unhurried = settings(deadline=None)


@syrup.struct
class Event:
    kind: u32
    at: u64


@pytest.mark.parametrize(("cls", "order"), [(syrup.Queue, [1, 2, 3]), (syrup.Stack, [3, 2, 1])])
def test_values_come_out_in_the_order_of_the_kind(cls: Any, order: list[int]) -> None:
    values = cls(u16, 3)
    for number in (65537, 2, 3):
        values.push(number)
    with pytest.raises(syrup.MapFull):
        values.push(4)
    assert [(values.peek(), values.pop()) for _ in order] == [(number, number) for number in order]


@pytest.mark.parametrize("cls", [syrup.Queue, syrup.Stack])
def test_an_empty_one_is_an_index_error_or_the_default(cls: Any) -> None:
    values = cls(Event, 1)
    for take in (values.pop, values.peek):
        assert (take(None), take(default=5)) == (None, 5)
        with pytest.raises(IndexError, match=f"the {cls.__name__.lower()} is empty"):
            take()
    values.push(Event(1, 2))
    assert (values.peek(None), values.pop(None), values.pop(None)) == (Event(1, 2), Event(1, 2), None)
    with pytest.raises(TypeError, match="a record of `Event` is needed"):
        values.push(1)


def test_a_bloom_filter_knows_what_was_added() -> None:
    seen = syrup.Bloom(be32, 10)
    seen.add(2**32 + 7)
    assert (7 in seen, 8 in seen, -1 in seen) == (True, False, False)


def test_a_bloom_filter_of_records() -> None:
    seen = syrup.Bloom(Event, 10)
    seen.add(Event(1, 2))
    assert (Event(1, 2) in seen, Event(2, 1) in seen) == (True, False)
    assert 1 not in seen
    with pytest.raises(TypeError, match="a record of `Event` is needed"):
        seen.add(1)  # type: ignore[arg-type]


def test_events_are_read_in_their_order() -> None:
    events = syrup.RingBuf(Event, 4096)
    assert events.read() == []
    assert [events.emit(Event(1, number)) for number in range(3)] == [True] * 3
    assert [event.at for event in events.read()] == [0, 1, 2]
    events.emit(Event(2, 0))
    assert (events.poll(), events.poll(timeout=0)) == ([Event(2, 0)], [])


def test_iterations_end_with_the_last_event() -> None:
    async def collected() -> list[Event]:
        return [event async for event in events]

    events = syrup.RingBuf(Event, 4096)
    for number in range(4):
        events.emit(Event(1, number))
    first = next(iter(events))
    assert (first.at, [event.at for event in events]) == (0, [1, 2, 3])
    events.emit(Event(2, 0))
    assert asyncio.run(collected()) == [Event(2, 0)]


def test_an_event_without_room_is_lost() -> None:
    events = syrup.RingBuf(Event, 4096)
    emitted = [events.emit(Event(1, number)) for number in range(200)]
    fitting = 4095 // 24  # a header of 8 bytes each, and one byte of the buffer stays free
    assert emitted == [True] * fitting + [False] * (200 - fitting)
    assert len(events.read()) == fitting
    assert events.emit(Event(2, 0))


@unhurried
@given(st.lists(st.booleans(), max_size=400))
def test_room_comes_back_when_events_are_read(steps: list[bool]) -> None:
    events, there = syrup.RingBuf(Event, 4096), 0
    for emits in steps:
        if emits:
            assert events.emit(Event(0, 0)) == (there < 170)
            there = min(there + 1, 170)
        else:
            assert len(events.read()) == there
            there = 0


def test_a_closed_ring_buffer_is_not_read() -> None:
    events = syrup.RingBuf(Event, 4096)
    events.close()
    assert events.closed
    for read in (events.read, events.poll):
        with pytest.raises(ValueError, match="closed"):
            read()


@pytest.mark.parametrize("size", [0, 1, 2048, 4095, 4097, 12288, -4096])
def test_the_size_is_a_power_of_two_of_pages(size: int) -> None:
    with pytest.raises(ValueError, match="a power of two and a multiple of 4096"):
        syrup.RingBuf(Event, size)


def test_events_are_structs() -> None:
    with pytest.raises(TypeError, match="of a struct, not of u64"):
        syrup.RingBuf(u64, 4096)
    with pytest.raises(TypeError, match="a record of `Event` is needed"):
        syrup.RingBuf(Event, 4096).emit(5)  # type: ignore[arg-type]
