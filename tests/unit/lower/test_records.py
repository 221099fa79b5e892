"""Structs: read from packets, made, taken apart, and kept in maps with the layout that C gives them."""

from __future__ import annotations

import struct

import pytest

from tests.unit.lower.running import decide, outcome, simulation

STRUCTS = """
@syrup.struct
class Inner:
    low: u8
    high: be16


@syrup.struct
class Request:
    kind: u8
    port: be16
    key: i32
    inner: Inner
    big: be64
    slots: syrup.Elements[u16] = syrup.elements(3)
    flag: bool


@syrup.struct
class Key:
    a: u32
    b: u8


@syrup.struct
class Stats:
    count: u64
    last: i16
    inner: Inner
    hist: syrup.Elements[u32] = syrup.elements(4)


table = syrup.HashMap(Key, Stats, 8)
cells = syrup.Array(Stats, 2)
own = syrup.PerCpuArray(Stats, 2)
plain = syrup.HashMap(u32, u64, 4)
"""

# kind, a gap, port, key, inner (low, a gap, high), four bytes, big, slots, flag
LAYOUT = struct.Struct("<B x 2s i B x 2s 4x 8s 3H ? x")
PAYLOAD = LAYOUT.pack(
    7, (513).to_bytes(2, "big"), -5, 9, (0x0102).to_bytes(2, "big"), (1 << 63).to_bytes(8, "big"), 1, 2, 65535, True
)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return r.kind", "executor 7"),
        ("return r.port - 513", "executor 0"),
        ("return r.key + 6", "executor 1"),
        ("return r.inner.low - 8", "executor 1"),
        ("return r.inner.high - 0x0100", "executor 2"),
        ("return r.big - (1 << 63) + 3 if r.big > 5 else 0", "executor 3"),
        ("return r.slots[0] + r.slots[1]", "executor 3"),
        ("return r.slots[r.slots[1]] - 65530", "executor 5"),
        ("return 6 if r.flag else 0", "executor 6"),
        ("return r.slots[r.kind]", "IndexError"),
        ("return r.slots[r.key]", "IndexError"),
        ("copy = r\nreturn copy.inner.low - 5", "executor 4"),
        ("r = pkt.payload.read(Request, 1) if len(pkt.payload) > 99 else r\nreturn r.kind", "executor 7"),
        ("i = pkt.payload.read(Inner, o=8)\nreturn i.low - 4", "executor 5"),
        ("i: Inner = pkt.payload.read(Inner, pkt.payload.u8(12) + 8)\nreturn i.high - 250", "executor 8"),
    ],
)
def test_a_record_that_is_read_has_its_fields(body: str, expected: str) -> None:
    assert (
        decide(STRUCTS, f"r = pkt.payload.read(Request)\n{body}", PAYLOAD).replace("NoExecutor", "executor 8")
        == expected
    )


@pytest.mark.parametrize("missing", [1, 2, 20, len(PAYLOAD)])
def test_a_short_packet_has_no_record(missing: int) -> None:
    assert decide(STRUCTS, "return pkt.payload.read(Request).kind", PAYLOAD[:-missing]) == "ShortPacket"


def test_a_record_in_a_large_datagram_is_read_from_any_offset() -> None:
    body = "return pkt.payload.read(Request, pkt.payload.be16(0)).kind"
    assert decide(STRUCTS, body, (5000).to_bytes(2, "big") + bytes(4998) + PAYLOAD) == "executor 7"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return Key(3, n + 194).b", "executor 2"),
        ("return Key(b=3, a=4).a", "executor 4"),
        ("k = Key(1, 2)\nk = Key(k.b, 5) if k.a else k\nreturn k.a + k.b", "executor 7"),
        ("return Stats(1, n, Inner(2, 3)).last + 25541", "executor 5"),
        ("return Stats(1, 0, Inner(2, n + 30003)).inner.high - 4460", "executor 7"),
        ("return Stats(1, 0, Inner(2, 3)).hist[2] + 1", "executor 1"),
    ],
)
def test_a_record_is_made_of_fields_that_wrap(body: str, expected: str) -> None:
    assert decide(STRUCTS, f"n = pkt.src_port\n{body}") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return table[Key(1, 2)].count", "KeyError"),
        ("table[Key(1, 2)] = Stats(5, 0, Inner(1, 2))\nreturn table[Key(1, 2)].count", "executor 5"),
        ("table[Key(1, 2)] = Stats(5, 0, Inner(1, 7))\nreturn table[Key(1, 2)].inner.high", "executor 7"),
        ("table[Key(1, 2)] = Stats(5, -3, Inner(1, 2))\ns = table[Key(1, 2)]\nreturn s.last + 4", "executor 1"),
        ("return table.get(Key(1, 2), Stats(6, 0, Inner(1, 2))).count", "executor 6"),
        (
            "table[Key(1, pkt.src_port + 194)] = Stats(1, 0, Inner(1, 2))\nreturn 3 if Key(1, 2) in table else 0",
            "executor 3",
        ),
        ("if Key(1, 2) in table:\n    del table[Key(1, 2)]\nreturn 4", "executor 4"),
        ("cells[1] = Stats(7, 0, Inner(1, 2))\nreturn cells[1].count", "executor 7"),
        ("own[1] = Stats(7, 0, Inner(1, 2))\nreturn own[1].count", "executor 7"),
        ("return cells[1].hist[pkt.payload.u8(0)]", "IndexError"),
        ("return cells[pkt.payload.u8(0)].count", "IndexError"),
    ],
)
def test_records_are_keys_and_values(body: str, expected: str) -> None:
    assert decide(STRUCTS, body, b"\4") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("ref.count += 2\nreturn ref.count", "executor 3"),
        ("ref.last = pkt.src_port\nreturn ref.last + 25541", "executor 5"),
        ("ref.hist[3] += 5\nref.hist[3] -= 1\nreturn ref.hist[3]", "executor 4"),
        ("ref.hist[pkt.payload.u8(0)] += 5\nreturn 0", "IndexError"),
        ("ref.inner.high = 259\nreturn table[Key(1, 2)].inner.high - 256", "executor 3"),
        ("ref.inner = Inner(4, 5)\nreturn ref.inner.low", "executor 4"),
        ("ref.inner.high *= 3\nreturn ref.inner.high", "executor 6"),
        ("ref.count = ref.count << 2\nref.count ^= 1\nreturn ref.count", "executor 5"),
    ],
)
def test_an_entry_is_changed_in_place(body: str, expected: str) -> None:
    entry = (
        "table[Key(1, 2)] = Stats(1, 0, Inner(1, 2))\nref = table.lookup(Key(1, 2))\nif ref is None:\n    return 7\n"
    )
    assert decide(STRUCTS, entry + body, b"\4") == expected


def test_a_reference_to_a_number_has_a_value() -> None:
    body = (
        "plain[3] = 4\nif (ref := plain.lookup(3)) is not None and ref.value > 3:\n    ref.value += 2\nreturn plain[3]"
    )
    assert decide(STRUCTS, body) == "executor 6"


def test_a_reference_is_tested_by_an_assertion_too() -> None:
    body = "ref = plain.lookup(pkt.payload.u8(0))\nassert ref is not None\nreturn ref.value"
    assert decide(STRUCTS, f"plain[3] = 4\n{body}", b"\3") == "executor 4"
    assert decide(STRUCTS, body, b"\3") == "AssertionError"


def test_a_missing_key_has_no_reference() -> None:
    body = "ref = plain.lookup(pkt.payload.u8(0))\nif ref is not None:\n    return 1\nreturn 2"
    assert decide(STRUCTS, body, b"\1") == "executor 2"


def test_entries_of_a_per_cpu_map_are_changed_in_place() -> None:
    change = "ref = own.lookup(1)\nif ref is not None:\n    ref.last += 3\n    ref.inner.low |= 4\n"
    body = f"{change}return own[1].last + own[1].inner.low"
    assert decide(STRUCTS, body) == "executor 7"


def test_keys_with_padding_are_equal_whatever_lay_on_the_stack() -> None:
    text = (
        STRUCTS
        + """
@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    cells[0] = Stats((1 << 64) - 1, -1, Inner(255, 65535))
    r = pkt.payload.read(Request)
    found = table.get(Key(r.kind, 1), Stats(0, 0, Inner(0, 0)))
    table[Key(r.kind, 1)] = Stats(found.count + 1, 0, Inner(0, 0))
    return table[Key(r.kind, 1)].count
"""
    )
    running = simulation(text)
    assert [outcome(running, PAYLOAD) for _ in range(3)] == ["executor 1", "executor 2", "executor 3"]
