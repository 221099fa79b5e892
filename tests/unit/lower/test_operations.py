"""Typing and lowering know the same operations, and the border with Numba notices another release."""

from __future__ import annotations

import numba
import pytest

from syrupc.datagram import Datagram
from syrupc.driver import compile_source
from syrupc.errors import InternalError
from syrupc.frontend.source import PolicySource
from syrupc.frontend.typing import RULES
from syrupc.lower.target import LOWERINGS
from syrupc.options import Options
from syrupc.simulate import Simulation

_POLICY = """import syrup
from syrup import u64

state = syrup.Array(u64, 2)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    {body}
"""


def _decide(body: str, payload: bytes = b"", **fields: int) -> str:
    verified = compile_source(PolicySource("p.py", _POLICY.format(body=body)), Options(max_executors=8))
    spec = verified.object.spec
    assert spec is not None
    simulation = Simulation(verified.object, spec.programs[0], executors=8)
    return str(simulation.decide(Datagram(payload, **fields)))


def test_every_operation_has_a_rule_and_a_lowering() -> None:
    assert {*RULES, "helper.call"} == set(LOWERINGS)  # a helper's result is typed by its body


_STATEMENTS = {
    "swap": ("a, b = 1, 5\n    a, b = b, a\n    return a", "executor 5"),
    "several targets": ("a = b = 3\n    return a + b", "executor 6"),
    "u64 and int": (
        "n = pkt.payload.u8(3)\n    u = syrup.u64(21)\n    return (u & n) % u + n // u - (u % n) + 4 - (n & u)",
        "executor 4",
    ),
    "walrus": ("return n if (n := pkt.payload.u8(4)) == 4 else 0", "executor 4"),
    "match": (
        (
            "match pkt.payload.u8(2):\n        case 0 | 1:\n            return 1\n"
            "        case 2 if pkt.payload.u8(0):\n            return 2\n        case _:\n            return 3"
        ),
        "executor 3",
    ),
    "capped loop": (
        "t = 0\n    for i in syrup.range(pkt.payload.u8(3), max=3):\n        t += i\n    return t",
        "executor 3",
    ),
    "too many turns": ("for i in syrup.range(pkt.payload.u8(4), max=3):\n        pass\n    return 1", "PASS"),
    "loop over bools": ("t = 0\n    for i in (True, False, True):\n        t += i\n    return t", "executor 2"),
    "loop over constants": ("t = 0\n    for i in (4, -1, 2):\n        t += i\n    return t", "executor 5"),
    "while": (
        "n = pkt.payload.u8(4)\n    t = 0\n    while n > 0:\n        n -= 2\n        t += 1\n    return t",
        "executor 2",
    ),
    "assertion": ("assert pkt.payload.u8(0)\n    return 1", "PASS"),
    # LLVM's closed form of this sum would multiply 128 bits.
    "sum left early": (
        (
            "t = 0\n    for i in range(200):\n        if i > pkt.payload.u8(4):\n            break\n        t += i\n"
            "    return t - 4"
        ),
        "executor 6",
    ),
    "constant on one path, decision on the other": ("return 5 if pkt.payload.u8(1) else syrup.DROP", "executor 5"),
}


@pytest.mark.parametrize("name", _STATEMENTS)
def test_statements(name: str) -> None:
    body, expected = _STATEMENTS[name]
    assert expected == _decide(body, bytes([0, 1, 2, 3, 4]))


def test_another_release_of_numba_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba, "version_info", numba.version_info._replace(short=(1, 0)))
    with pytest.raises(InternalError, match=r"Numba 1\.0 is installed"):
        _decide("return 1")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return syrup.PASS", "PASS"),
        ("return syrup.DROP", "DROP"),
        ("return syrup.DROP if pkt.payload.u8(0) else 3", "executor 3"),
        ("return pkt.payload.be32(1) - 0x01020300", "executor 4"),
        ("return pkt.payload.u16(1) - 0x0201", "executor 0"),
        ("return len(pkt.payload)", "executor 5"),
        ("return pkt.src_port - 40000", "executor 7"),
        ("return pkt.dst_port - 8998", "executor 2"),
        ("return pkt.flow_hash >> 29", "executor 6"),
        ("return 3 if pkt.payload.u64(0) else 2", "PASS"),
        ("return syrup.now_ns() * 0 + syrup.cpu() * 0 + syrup.random() * 0 + 6", "executor 6"),
        ("return 2 ** 2", "executor 4"),
        ("return pkt.payload.u8(4) ** 1", "executor 4"),
        ("return min(7, pkt.payload.u8(3), 5) + max(pkt.payload.u8(1), 2)", "executor 5"),
        ("return abs(pkt.payload.u8(1) - 4)", "executor 3"),
        ("return 1 if pkt.payload.u8(2) in (2, 9) and pkt.payload.u8(3) not in range(0, 9, 2) else 0", "executor 1"),
    ],
)
def test_packets_and_decisions(body: str, expected: str) -> None:
    assert expected == _decide(body, bytes([0, 1, 2, 3, 4]), source_port=40_007, flow_hash=0xC0000001)
