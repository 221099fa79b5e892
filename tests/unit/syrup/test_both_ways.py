"""Policies that say all there is to say come to the same as plain Python and compiled: decisions, faults, maps."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

import syrup
from syrup import Packet, Policy, World
from syrupc.lang.maps import Map
from syrupc.lang.queues import Ordered
from syrupc.lang.rings import RingBuf
from tests.policies import decided, everything

EXECUTORS = 8
POLICIES = [each for module in (decided, everything) for each in vars(module).values() if isinstance(each, Policy)]
PACKETS = [
    Packet(),
    *(Packet(bytes([kind]) + bytes(range(size)), src_port=kind * 53) for kind in range(9) for size in (0, 7, 40)),
    *(Packet(text, src_port=7) for text in (b"GET key", b"get a longer key", b"SCAN 1", b"PUT x", b"GET " + bytes(60))),
    Packet(bytes(9), src="10.0.0.7", ttl=1),
    Packet(bytes(9), src="fe80::1", src_port=9, dst_port=10),
    *(Packet(bytes([5, 0, 0, 1, 200, 1, 0, 0]), src_port=9) for _ in range(6)),
    Packet(b"\xff" * 12, src_port=65_535, flow_hash=0xFFFF_FFFF),
]


@dataclass(frozen=True)
class Outcome:
    """What one decision came to: its fault is a kind and a line."""

    decision: int
    fault: tuple[str, int] | None
    maps: dict[str, Any]


def maps_of(policy: Policy[..., Any]) -> dict[str, Map]:
    return {name: each for name, each in policy.__wrapped__.__globals__.items() if isinstance(each, Map)}  # type: ignore[attr-defined]


def contents(found: Map) -> Any:
    """What is in a map, taken out where that is the only way to see it."""
    match found:
        case RingBuf():
            return list(map(bytes, found.read()))
        case Ordered():
            values = []
            while (value := found.pop(None)) is not None:
                values.append(value)
            for each in reversed(values) if found.KIND.value == "Stack" else values:
                found.push(each)
            return values
    return sorted((str(key), str(value)) for key, value in found.items())


def in_python(policy: Policy[..., Any], packet: Packet) -> tuple[int, tuple[str, int] | None]:
    try:
        decision = policy(packet)
    except Exception as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == policy.path]
        return syrup.PASS, (type(error).__name__, frames[-1].lineno or 0)
    if decision in (syrup.PASS, syrup.DROP) or 0 <= decision < EXECUTORS:
        return decision, None
    return syrup.PASS, ("NoExecutor", 0)


def compiled(policy: Policy[..., Any], packet: Packet) -> tuple[int, tuple[str, int] | None]:
    decision = policy.decide(packet, executors=EXECUTORS)
    if decision.fault is None:
        return decision, None
    return decision, (decision.fault.kind, 0 if decision.fault.kind == "NoExecutor" else decision.fault.line)


def run(ask: Callable[..., Any], policy: Policy[..., Any]) -> list[Outcome]:
    """The outcomes of all packets, one after the other, in the same world."""
    maps = maps_of(policy)
    for name, each in maps.items():
        if isinstance(each, RingBuf | Ordered):
            contents(each) if isinstance(each, RingBuf) else [each.pop(None) for _ in range(99)]
        elif name != "nets":
            each.clear()
    outcomes = []
    with World(seed=3, now_ns=7_000_000_000, cpu=2) as world:
        for packet in PACKETS:
            world.now_ns += 1
            decision, fault = ask(policy, packet)
            outcomes.append(Outcome(int(decision), fault, {name: contents(each) for name, each in maps.items()}))
    return outcomes


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_python_and_compiled_agree(policy: Policy[..., Any]) -> None:
    expected, found = run(in_python, policy), run(compiled, policy)
    for packet, wanted, outcome in zip(PACKETS, expected, found, strict=True):
        assert wanted == outcome, packet


def test_something_was_decided_in_every_way() -> None:
    outcomes = [each for policy in POLICIES for each in run(compiled, policy)]
    assert {syrup.PASS, syrup.DROP, 0, 1} <= {each.decision for each in outcomes}
    kinds = {each.fault[0] for each in outcomes if each.fault}
    assert {"ShortPacket", "KeyError", "MapFull", "NoExecutor", "AssertionError"} <= kinds
