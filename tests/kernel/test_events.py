"""Events of a ring buffer in the kernel: read in order, waited for by threads and event loops, ended by a close."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import SimpleQueue
from time import monotonic
from typing import Any

import pytest

import syrup
from syrup import be32, u32, u64
from syrup._sys import programs
from syrup.maps import end_iterations
from syrupc.lang.records import kind_of
from syrupc.spec import MapKind, MapSpec
from tests.kernel.handmade import always, policy, probe
from tests.kernel.services import DEADLINE, own_group, port_of, send

pytestmark = pytest.mark.bpf


@syrup.struct
class Event:
    number: u32
    source: be32
    at: u64


EVENTS = MapSpec("events", MapKind.RING_BUF, None, kind_of(Event).type, 4096)
FITTING = 4095 // 24

# Emits the first 16 bytes of the packet; the result is 0 where there was room.
_EMIT = """
    r2 = *(u32 *)(r1 + 0)
    r3 = *(u32 *)(r1 + 4)
    r4 = r2
    r4 += 16
    if r4 > r3 goto none
    r5 = *(u64 *)(r2 + 0)
    *(u64 *)(r10 - 16) = r5
    r5 = *(u64 *)(r2 + 8)
    *(u64 *)(r10 - 8) = r5
    r1 = map(events) ll
    r2 = r10
    r2 += -16
    r3 = 16
    r4 = 0
    call 130
    exit
none:
    r0 = 1
    exit
"""

# Reserves a record and discards it.
_DISCARD = """
    r1 = map(events) ll
    r2 = 16
    r3 = 0
    call 131
    if r0 == 0 goto none
    r1 = r0
    r2 = 0
    call 133
none:
    r0 = 0
    exit
"""

# Of a policy at the socket hook: an event of zeros, then executor 0.
_DECIDE = f"""
    *(u64 *)(r10 - 16) = 0
    *(u64 *)(r10 - 8) = 0
    r1 = map(events) ll
    r2 = r10
    r2 += -16
    r3 = 16
    r4 = 0
    call 130
    {always(0)}
"""


@dataclass
class Emitter:
    """A program that emits, and the live ring buffer."""

    code: int
    events: Any
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def emit(self, count: int = 1) -> int:
        """Emit so many events, numbered on; how many found room."""
        events = [Event(number, 0x0A000001, 1 << 40) for number in itertools.islice(self.numbers, count)]
        return sum(self.run(bytes(event)) == 0 for event in events)  # type: ignore[call-overload]

    def run(self, data: bytes = b"") -> int:
        return programs.run(self.code, data.ljust(64, b"\0"))[0]


@contextmanager
def emitting(text: str = _EMIT) -> Iterator[Emitter]:
    with syrup.load(probe(text, EVENTS)) as loaded:
        yield Emitter(loaded.programs["probe"].fileno(), loaded.maps.events)


@contextmanager
def thread(run: Callable[[], object]) -> Iterator[None]:
    """Another thread, which has ended by itself afterwards."""
    made = threading.Thread(target=run, daemon=True)
    made.start()
    yield
    made.join(DEADLINE)
    assert not made.is_alive()


def numbers(events: list[Event]) -> list[int]:
    return [event.number for event in events]


# -- what is there -----------------------------------------------------------------------------------------------------


def test_events_are_read_in_their_order() -> None:
    with emitting() as emitter:
        assert emitter.events.read() == []
        emitter.emit(3)
        assert emitter.events.read() == [Event(number, 0x0A000001, 1 << 40) for number in range(3)]
        assert emitter.events.read() == []


def test_events_go_round_the_end_of_the_buffer() -> None:
    with emitting() as emitter:
        for burst in range(20):
            assert emitter.emit(50) == 50
            assert numbers(emitter.events.read()) == list(range(50 * burst, 50 * burst + 50))


def test_events_without_room_are_lost() -> None:
    with emitting() as emitter:
        assert emitter.emit(FITTING + 30) == FITTING
        assert numbers(emitter.events.read()) == list(range(FITTING))
        assert emitter.emit() == 1


def test_a_declared_buffer_has_as_much_room() -> None:
    declared = syrup.RingBuf(Event, 4096)
    assert sum(declared.emit(Event(0, 0, 0)) for _ in range(FITTING + 30)) == FITTING


def test_a_discarded_event_is_not_seen() -> None:
    with emitting(_DISCARD) as emitter:
        for _ in range(2 * FITTING):
            emitter.run()
            assert emitter.events.read() == []


# -- waiting -----------------------------------------------------------------------------------------------------------


def test_poll_gives_what_is_there_at_once() -> None:
    with emitting() as emitter:
        emitter.emit(2)
        assert numbers(emitter.events.poll()) == [0, 1]


@pytest.mark.parametrize("timeout", [0, 0.01, -1])
def test_poll_gives_up_after_its_time(timeout: float) -> None:
    with emitting() as emitter:
        begin = monotonic()
        assert emitter.events.poll(timeout) == []
        assert monotonic() - begin >= timeout


def test_poll_waits_for_an_event() -> None:
    with emitting() as emitter:
        found: SimpleQueue[list[Event]] = SimpleQueue()
        with thread(lambda: found.put(emitter.events.poll(DEADLINE))):
            emitter.emit()
            assert numbers(found.get(timeout=DEADLINE)) == [0]


def test_an_iteration_waits_and_ends_when_the_buffer_is_closed() -> None:
    with emitting() as emitter:
        found: SimpleQueue[Event | None] = SimpleQueue()

        def consume() -> None:
            for event in emitter.events:
                found.put(event)
            found.put(None)

        with thread(consume):
            for number in range(3):
                emitter.emit()
                event = found.get(timeout=DEADLINE)
                assert event is not None
                assert event.number == number
            emitter.events.close()
            assert found.get(timeout=DEADLINE) is None
        assert list(emitter.events) == []


def test_a_wait_ends_when_the_buffer_is_closed() -> None:
    with emitting() as emitter:
        found: SimpleQueue[list[Event]] = SimpleQueue()
        with thread(lambda: found.put(emitter.events.poll())):
            emitter.events.close()
            assert found.get(timeout=DEADLINE) == []


def test_a_closed_buffer_is_not_read() -> None:
    with emitting() as emitter:
        emitter.emit()
        emitter.events.close()
        emitter.events.close()
        assert emitter.events.closed
        for read in (emitter.events.read, emitter.events.poll):
            with pytest.raises(ValueError, match="closed"):
                read()


def test_iterations_end_with_what_was_emitted_before_the_end() -> None:
    with emitting() as emitter:
        iteration = iter(emitter.events)
        emitter.emit(3)
        end_iterations([emitter.events])
        assert numbers(list(iteration)) == [0, 1, 2]
        # The next one begins after that end.
        emitter.emit()
        assert next(iter(emitter.events)).number == 3


def test_threads_share_the_events() -> None:
    with emitting() as emitter:
        found: SimpleQueue[int] = SimpleQueue()
        read = threading.Semaphore(0)

        def consume() -> None:
            for event in emitter.events:
                found.put(event.number)
                read.release()

        with thread(consume), thread(consume), thread(consume):
            for _ in range(30):
                # Only as many at once as have room, however slow the readers are.
                assert emitter.emit(10) == 10
                assert all(read.acquire(timeout=DEADLINE) for _ in range(10))
            end_iterations([emitter.events])
        assert sorted(found.get_nowait() for _ in range(300)) == list(range(300))
        assert found.empty()


# -- event loops -------------------------------------------------------------------------------------------------------


def test_an_event_loop_waits_for_events() -> None:
    async def consume(emitter: Emitter) -> list[int]:
        found = []
        async for event in emitter.events:
            found.append(event.number)
            if len(found) == 5:
                break
            asyncio.get_running_loop().call_soon(emitter.emit)
        return found

    with emitting() as emitter:
        emitter.emit()
        assert asyncio.run(consume(emitter)) == [0, 1, 2, 3, 4]


def test_tasks_share_the_events_until_the_buffer_is_closed() -> None:
    async def consume(emitter: Emitter, found: list[int]) -> None:
        async for event in emitter.events:
            found.append(event.number)
            if len(found) == 10:
                await asyncio.to_thread(emitter.events.close)

    async def produce(emitter: Emitter) -> list[int]:
        found: list[int] = []
        tasks = [asyncio.create_task(consume(emitter, found)) for _ in range(3)]
        for _ in range(10):
            emitter.emit()
            await asyncio.sleep(0)
        await asyncio.wait_for(asyncio.gather(*tasks), DEADLINE)
        return found

    with emitting() as emitter:
        assert sorted(asyncio.run(produce(emitter))) == list(range(10))


def test_a_cancelled_task_leaves_nothing_behind() -> None:
    async def cancelled(emitter: Emitter) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(aiter(emitter.events)), 0.01)

    with emitting() as emitter:
        asyncio.run(cancelled(emitter))
        emitter.emit()
        assert numbers(emitter.events.read()) == [0]


# -- links -------------------------------------------------------------------------------------------------------------


def test_an_iteration_ends_with_its_link() -> None:
    found: SimpleQueue[Event | None] = SimpleQueue()

    def consume(events: syrup.RingBuf[Event]) -> None:
        for event in events:
            found.put(event)
        found.put(None)

    with (
        own_group(1) as group,
        syrup.attach(policy(_DECIDE, maps=[EVENTS]), sockets=group) as link,
        thread(lambda: consume(link.maps.events)),
    ):
        send(port_of(group[0]), [b"x"])
        assert found.get(timeout=DEADLINE) == Event(0, 0, 0)
        send(port_of(group[0]), [b"x"] * 2)
        link.close()
        assert [found.get(timeout=DEADLINE) for _ in range(3)] == [Event(0, 0, 0), Event(0, 0, 0), None]


def test_an_iteration_goes_on_when_the_policy_is_replaced() -> None:
    with own_group(1) as group, syrup.attach(policy(_DECIDE, maps=[EVENTS]), sockets=group) as link:
        events = iter(link.maps.events)
        link.replace(policy(_DECIDE, name="second", maps=[EVENTS]))
        send(port_of(group[0]), [b"x"])
        assert next(events) == Event(0, 0, 0)
        link.replace(policy(always(0), name="third"))
        assert list(events) == []
