"""A ring buffer's memory as its producer, the kernel, leaves it: here a file that the test writes."""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syrup._sys.fd import Fd
from syrup._sys.ringbuf import RingMemory

SIZE = 4096
PAGE = mmap.PAGESIZE
BUSY, DISCARDED = 1 << 31, 1 << 30


@dataclass
class Producer:
    """The other side: it writes records and positions as the kernel does."""

    memory: mmap.mmap
    position: int = 0

    def begin(self, begin: int) -> None:
        """Let everything before this position have been produced and consumed."""
        self.position = begin
        self.memory[:8] = self.memory[PAGE : PAGE + 8] = struct.pack("Q", begin)

    def produce(self, content: bytes, flags: int = 0) -> int:
        """Write a record; the place of its length."""
        place = self.position % SIZE
        record = struct.pack("II", len(content) | flags, 7) + content
        for offset, byte in enumerate(record):
            for half in (0, SIZE):  # the kernel maps the data twice
                self.memory[2 * PAGE + (place + offset) % SIZE + half] = byte
        self.position += (len(record) + 7) // 8 * 8
        self.memory[PAGE : PAGE + 8] = struct.pack("Q", self.position)
        return 2 * PAGE + place

    @property
    def consumed(self) -> int:
        (position,) = struct.unpack("Q", self.memory[:8])
        return int(position)


@contextmanager
def ring(begin: int = 0) -> Iterator[tuple[RingMemory, Producer]]:
    length = 2 * PAGE + 2 * SIZE
    with Fd(os.memfd_create("ring")) as fd:
        os.ftruncate(fd.fileno(), length)
        with mmap.mmap(fd.fileno(), length) as memory:
            producer = Producer(memory)
            producer.begin(begin)
            consumer = RingMemory(fd.fileno(), SIZE)
            yield consumer, producer
            consumer.close()


def taken(consumer: RingMemory) -> list[bytes]:
    return list(chain.from_iterable(iter(lambda: consumer.take(3), [])))


@pytest.mark.parametrize("begin", [0, 8, SIZE - 8, SIZE, (1 << 32) - 8, 1 << 40])
def test_records_are_taken_in_their_order(begin: int) -> None:
    with ring(begin) as (consumer, producer):
        assert consumer.take(9) == []
        contents = [b"a" * 5, b"b" * 8, b"", b"c" * 20]
        for content in contents:
            producer.produce(content)
        assert taken(consumer) == contents
        assert producer.consumed == producer.position


def test_no_more_is_taken_than_was_asked_for() -> None:
    with ring() as (consumer, producer):
        for number in range(4):
            producer.produce(bytes([number]) * 8)
        assert consumer.take(3) == [bytes([number]) * 8 for number in range(3)]
        assert producer.consumed == 48
        assert consumer.take(0) == []
        assert consumer.take(3) == [b"\x03" * 8]


def test_a_record_around_the_end_is_in_one_piece() -> None:
    with ring(SIZE - 16) as (consumer, producer):
        producer.produce(bytes(range(200)))
        assert taken(consumer) == [bytes(range(200))]


def test_a_discarded_record_is_passed_over() -> None:
    with ring() as (consumer, producer):
        producer.produce(b"no", DISCARDED)
        producer.produce(b"yes")
        producer.produce(b"no", DISCARDED)
        assert taken(consumer) == [b"yes"]
        assert producer.consumed == producer.position


def test_nothing_behind_an_unfinished_record_is_taken() -> None:
    with ring() as (consumer, producer):
        producer.produce(b"first")
        place = producer.produce(b"late", BUSY)
        producer.produce(b"behind")
        assert taken(consumer) == [b"first"]
        assert producer.consumed == 16
        producer.memory[place : place + 4] = struct.pack("I", 4)
        assert taken(consumer) == [b"late", b"behind"]


@settings(deadline=None)
@given(st.lists(st.lists(st.binary(max_size=300), max_size=8), max_size=12))
def test_whatever_is_produced_is_taken(bursts: Sequence[Sequence[bytes]]) -> None:
    with ring() as (consumer, producer):
        for burst in bursts:
            for content in burst:
                producer.produce(content)
            assert taken(consumer) == list(burst)


def test_closing_leaves_nothing_mapped() -> None:
    def mapped() -> int:
        with open("/proc/self/maps") as maps:
            return sum("memfd:ring" in line for line in maps)

    with ring() as (consumer, _):
        assert mapped() == 3
        consumer.close()
        assert mapped() == 1
        consumer.close()
