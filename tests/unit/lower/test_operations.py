"""Typing and lowering know the same operations, and the border with Numba notices another release."""

from __future__ import annotations

import numba
import pytest

from syrupc.driver import compile_source
from syrupc.errors import InternalError
from syrupc.frontend.rules import RULES
from syrupc.frontend.source import PolicySource
from syrupc.lower.target import LOWERINGS
from syrupc.options import Options
from syrupc.simulate import Datagram, Simulation

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
    assert set(RULES) == set(LOWERINGS)


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
    ],
)
def test_packets_and_decisions(body: str, expected: str) -> None:
    assert expected == _decide(body, bytes([0, 1, 2, 3, 4]), source_port=40_007, flow_hash=0xC0000001)
