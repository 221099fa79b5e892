"""Helper functions of a policy file: inlined or not, they do what a call does in Python."""

from __future__ import annotations

import pytest

from tests.unit.lower.running import compiled, decide, outcome, simulation

HELPERS = """
turn = syrup.Array(u64, 4)


@syrup.struct
class Pair:
    a: u32
    b: u8


@syrup.func
def half(n: int) -> int:
    return n // 2


@syrup.func
def first(pkt: syrup.Packet, o: int) -> int:
    if o > 100:
        return -1
    return pkt.payload.u8(o)


@syrup.func
def byte(view: syrup.View, o: int) -> int:
    return view.u8(o)


@syrup.func
def both(n: int) -> tuple[int, bool]:
    if n < 0:
        return 0, True
    return n % 3, n > 3


@syrup.func
def note(i: int) -> None:
    if i > 3:
        return
    turn[i] += 1


@syrup.func
def made(n: int) -> Pair:
    return Pair(n, 2)


@syrup.func
def sum_of(p: Pair, extra: u64) -> u64:
    return p.a + p.b + extra


@syrup.func
def chosen(n: int) -> syrup.Executor:
    return syrup.DROP if n == 0 else syrup.PASS if n == 1 else n


@syrup.func
def other(flag: bool) -> bool:
    return not flag


@syrup.func
def six(a: int, b: int, c: int, d: int, e: int, f: int) -> int:
    return a + b + c + d + e + f
"""


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return half(9)", "executor 4"),
        ("return half(-3) + half(half(9)) + 1", "executor 1"),
        ("return first(pkt, 1)", "executor 6"),
        ("return first(pkt, 200) + 2", "executor 1"),
        ("return first(pkt, 3)", "ShortPacket"),
        ("return byte(pkt.payload, 2)", "executor 7"),
        ("return byte(pkt.ip4, 0) - 0x40", "executor 5"),
        ("return byte(pkt.udp, 5) - 8", "executor 3"),
        ("a, b = both(5)\nreturn a + b", "executor 3"),
        ("a, b = both(-1)\nreturn a + b", "executor 1"),
        ("note(pkt.payload.u8(0) - 3)\nnote(2)\nnote(9)\nreturn turn[2]", "executor 2"),
        ("note(pkt.payload.u8(0) - 6)\nreturn 1", "IndexError"),
        ("return sum_of(made(3), 1)", "executor 6"),
        ("return 3 if other(pkt.payload.u8(0) > 5) else 4", "executor 3"),
        ("return 3 if other(other(pkt.payload.u8(0) > 5)) or other(True) else 4", "executor 4"),
        ("return chosen(0)", "DROP"),
        ("return chosen(1)", "PASS"),
        ("return chosen(5)", "executor 5"),
        ("return chosen(9)", "NoExecutor"),
        ("return six(1, 1, 1, 1, 1, pkt.payload.u8(0) - 4)", "executor 6"),
        ("t = 0\nfor i in range(4):\n    t += half(i)\nreturn t", "executor 2"),
    ],
)
def test_a_call_gives_what_the_function_returns(body: str, expected: str) -> None:
    assert decide(HELPERS, body, b"\5\6\7") == expected


LARGE = """
hits = syrup.HashMap(u32, u64, 64)


@syrup.func
def large(pkt: syrup.Packet, k: int) -> int:
    t = 0
    for i in range(6):
        t += pkt.payload.u8(i) * (i + k)
        hits[u32(t)] = t % 7 if t > 0 else 4
        if k in hits:
            t += hits[k] % 5
        if t > 50:
            t = t // 5 + pkt.payload.u8(i + 1)
    assert t != 77
    return t


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    a = large(pkt, pkt.payload.u8(0))
    b = large(pkt, pkt.payload.u8(1))
    c = large(pkt, a & 255)
    return (a + b + c) % 8
"""


def _python(payload: bytes) -> str:
    hits: dict[int, int] = {}

    def large(k: int) -> int:
        t = 0
        for i in range(6):
            t += payload[i] * (i + k)
            hits[t & 0xFFFFFFFF] = t % 7 if t > 0 else 4
            if k in hits:
                t += hits[k] % 5
            if t > 50:
                t = t // 5 + payload[i + 1]
        return t

    a, b = large(payload[0]), large(payload[1])
    return f"executor {(a + b + large(a & 255)) % 8}"


@pytest.mark.parametrize("kernel", ["5.15", "6.18"])
def test_a_large_helper_that_is_called_often_stays_a_function(kernel: str) -> None:
    running = simulation(LARGE, kernel)
    calls = [i for i in compiled(LARGE, kernel).object.programs[0].insns if i.opcode == 0x85 and i.src == 1]
    assert len(calls) == 3
    for payload in (bytes(range(8)), b"\x09\x03\x55\x20\xff\x31\x02", bytes(7)):
        assert outcome(running, payload) == _python(payload)
    assert outcome(running, b"\1\2\3") == "ShortPacket"
