"""The demo service's datagrams, and its store's answers."""

import zlib

import pytest

from benchmarks.demo.protocol import GET, HEADER_SIZE, SCAN, Message, pack, unpack
from benchmarks.demo.store import answer, filled


def test_fields_stand_where_the_policies_read_them() -> None:
    data = pack(Message(SCAN, user=0x0102, count=3, key=0x1122334455667788, request=9))

    assert data[0] == SCAN
    assert int.from_bytes(data[2:4], "big") == 0x0102
    assert int.from_bytes(data[8:16], "little") == 0x1122334455667788
    assert len(data) == HEADER_SIZE == 24


def test_a_message_survives_the_wire() -> None:
    message = Message(GET, user=7, count=1, key=2**64 - 1, request=2**63, worker=5, content=b"value")

    assert unpack(pack(message)) == message


@pytest.mark.parametrize("data", [b"", b"\x01", bytes([GET]) * 23, bytes([0]) * 24, bytes([3]) * 24])
def test_what_is_no_request_is_not_taken_for_one(data: bytes) -> None:
    assert unpack(data) is None


def test_get_answers_the_keys_value() -> None:
    reply = answer(filled(10), Message(GET, user=1, count=1, key=3, request=5), worker=2)

    assert reply == Message(GET, user=1, count=1, key=3, request=5, worker=2, content=(3).to_bytes(8, "little") * 8)


def test_get_of_a_missing_key_finds_nothing() -> None:
    reply = answer(filled(10), Message(GET, user=1, count=1, key=10, request=5), worker=0)

    assert (reply.count, reply.content) == (0, b"")


def test_scan_reads_the_values_of_the_range() -> None:
    store = filled(10)
    reply = answer(store, Message(SCAN, user=1, count=3, key=4, request=5), worker=0)

    expected = zlib.crc32(b"".join(store.values[key] for key in (4, 5, 6)))
    assert (reply.count, reply.content) == (3, expected.to_bytes(4, "little"))


def test_scan_ends_with_the_store() -> None:
    assert answer(filled(10), Message(SCAN, user=1, count=100, key=8, request=5), worker=0).count == 2
