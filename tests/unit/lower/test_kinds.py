"""Every kind of map, constant tuples, and the built-in functions."""

from __future__ import annotations

import pytest

from syrup import hash as plain_hash
from syrupc.errors import CompileError
from tests.unit.lower.running import decide

MAPS = """
@syrup.struct
class Job:
    kind: u8
    size: u32


@syrup.struct
class Net:
    high: be64
    low: be64


queue = syrup.Queue(u32, 2)
stack = syrup.Stack(Job, 2)
recent = syrup.LruHashMap(u32, u64, 4)
mine = syrup.PerCpuHashMap(u32, i16, 4)
nets = syrup.LpmTrie(be32, u32, 16)
wide = syrup.LpmTrie(Net, u32, 16)
events = syrup.RingBuf(Job, 4096)
counts = syrup.Array(u64, 4)
narrow = syrup.HashMap(u32, u32, 4)
WEIGHTS = (3, 1, 4, 1, 5)
FLAGS = (True, False)


class Kind(IntEnum):
    GET = 1
    SCAN = 2


KINDS = (Kind.GET, Kind.SCAN)
"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("queue.push(3)\nqueue.push(4)\nreturn queue.pop() + queue.peek()", "executor 7"),
        ("return queue.pop()", "IndexError"),
        ("return queue.peek()", "IndexError"),
        ("return queue.pop(5)", "executor 5"),
        ("queue.push(1)\nreturn queue.pop(5) + queue.peek(2)", "executor 3"),
        ("queue.push(1)\nqueue.push(2)\nqueue.push(3)\nreturn 0", "MapFull"),
        (
            "stack.push(Job(1, 2))\nstack.push(Job(3, 4))\nreturn stack.pop().kind + stack.pop(Job(9, 9)).size",
            "executor 5",
        ),
        ("return stack.pop(Job(6, 9)).kind", "executor 6"),
        ("for i in range(6):\n    recent[i] = i\nreturn 0 if 0 in recent else recent[5]", "executor 5"),
        ("mine[3] = -2\nmine[3] += 5\nreturn mine[3] + mine.get(4, 1)", "executor 4"),
        ("return nets.get(pkt.payload.be32(0), 6)", "executor 6"),
        ("return nets[7]", "KeyError"),
        ("return 1 if 7 in nets else 2", "executor 2"),
        ("return wide.get(Net(1, 2), 3)", "executor 3"),
        ("a = events.emit(Job(1, 2))\nreturn a + 1", "executor 2"),
        ("ok = True\nfor i in range(300):\n    ok = events.emit(Job(1, i))\nreturn 2 - ok", "executor 2"),
        ("return counts.compare_swap(1, 0, 5) + counts.compare_swap(1, 0, 6) + counts[1] - 5", "executor 5"),
        ("narrow[1] = 7\nreturn narrow.compare_swap(1, -1, 5) + narrow[1] - 7", "executor 7"),
        ("return narrow.compare_swap(1, 0, 5)", "KeyError"),
        ("mine[1] = 1\nreturn WEIGHTS[pkt.payload.u8(3)]", "executor 1"),
        ("return WEIGHTS[pkt.payload.u8(3) - 4]", "executor 5"),
        ("return WEIGHTS[pkt.payload.u8(3) + 2]", "IndexError"),
        ("return WEIGHTS[pkt.payload.u8(3) - 9]", "IndexError"),
        ("return WEIGHTS[-1] + FLAGS[0]", "executor 6"),
        ("return 2 if FLAGS[pkt.payload.u8(3) - 3] else 3", "executor 2"),
        ("return KINDS[pkt.payload.u8(3) - 2]", "executor 2"),
        ("syrup.trace('kind {} of {}', 1, syrup.now_ns())\nreturn 1", "executor 1"),
        ("return syrup.hash(Job(1, 2)) == syrup.hash(Job(1, 2))", "executor 1"),
    ],
)
def test_a_map_does_what_its_kind_says(body: str, expected: str) -> None:
    assert decide(MAPS, body, b"\1\2\3\3") == expected


@pytest.mark.parametrize("value", [0, 1, 40_000, 0xDEADBEEF])
def test_the_hash_is_the_documented_one(value: int) -> None:
    assert decide(MAPS, "return syrup.hash(pkt.payload.u32(0)) % 8", value.to_bytes(4, "little")) == (
        f"executor {plain_hash(value) % 8}"
    )


def test_a_negative_number_is_hashed_by_its_64_bits() -> None:
    assert decide(MAPS, "return syrup.hash(pkt.payload.u8(0) - 9) % 8", b"\1") == f"executor {plain_hash(-8) % 8}"


def test_a_bloom_filter_knows_what_was_added() -> None:
    filters = "seen = syrup.Bloom(u32, 64)\n"
    body = "before = 9 in seen\nseen.add(9)\nreturn before * 4 + (9 in seen) * 2 + (-1 in seen)"
    assert decide(filters, body, kernel="6.1") == "executor 2"


def test_a_kind_that_the_kernel_lacks_is_named_where_it_is_declared() -> None:
    with pytest.raises(CompileError) as caught:
        decide("seen = syrup.Bloom(u32, 64)\n", "return 1 if 9 in seen else 0")
    (found,) = caught.value.diagnostics
    assert found.code == "SYR301"
    assert found.span is not None
    assert found.span.line == 4


@pytest.mark.parametrize("key", ["be16", "be32", "be64", "u16", "u64"])
@pytest.mark.parametrize("kind", ["HashMap", "LruHashMap", "PerCpuHashMap"])
def test_a_key_is_looked_up_in_the_byte_order_it_is_stored_in(kind: str, key: str) -> None:
    declarations = f"ports = syrup.{kind}({key}, u64, 4)"
    stored = "port = pkt.payload.u16(0)\nports[port] = 3\nports[port] += 1\n"
    assert decide(declarations, f"{stored}return ports[port] if port in ports else 7", b"\x01\x02") == "executor 4"
