"""The maps of a run in the interpreter, as the classes of the language: stored into, read, and left by a policy."""

from __future__ import annotations

from typing import Any

import pytest

import syrup
from syrup import be32, u64
from syrupc.lang.records import kind_of
from syrupc.simulate import Simulation
from syrupc.spec import BE32, U8, U32, U64, MapKind, MapSpec
from tests.kernel.handmade import always, policy
from tests.unit.lower.running import outcome, simulation


@syrup.struct
class Pair:
    a: be32
    b: u64


PAIR = kind_of(Pair).type
MAPS = (
    MapSpec("array", MapKind.ARRAY, U32, PAIR, 3),
    MapSpec("own", MapKind.PER_CPU_ARRAY, U32, U8, 3),
    MapSpec("table", MapKind.HASH_MAP, PAIR, U64, 2),
    MapSpec("recent", MapKind.LRU_HASH_MAP, U32, PAIR, 2),
    MapSpec("mine", MapKind.PER_CPU_HASH_MAP, U32, U64, 2),
    MapSpec("routes", MapKind.LPM_TRIE, BE32, PAIR, 2),
    MapSpec("jobs", MapKind.QUEUE, None, PAIR, 2),
    MapSpec("free", MapKind.STACK, None, U32, 2),
    MapSpec("seen", MapKind.BLOOM, None, PAIR, 2),
    MapSpec("events", MapKind.RING_BUF, None, PAIR, 4096),
)


@pytest.fixture
def running() -> Simulation:
    verified = policy(always(0), maps=MAPS)
    assert verified.object.spec is not None
    return Simulation(verified.object, verified.object.spec.programs[0], executors=2)


@pytest.mark.parametrize(
    ("name", "entries"),
    [
        ("array", {1: Pair(1, 2)}),
        ("own", {1: 255}),
        ("table", {Pair(1, 2): 3, Pair(2, 1): 4}),
        ("recent", {7: Pair(1, 2)}),
        ("mine", {7: 2**64 - 1}),
        ("routes", {(0x0A000000, 8): Pair(1, 2), (0, 0): Pair(3, 4)}),
    ],
)
def test_what_is_stored_is_there(running: Simulation, name: str, entries: dict[Any, Any]) -> None:
    for key, value in entries.items():
        running.store(name, key, value)
    content = running.content(name)
    assert isinstance(content, dict)
    assert content | entries == content
    assert dict(running.maps[name].items()) == content


def test_values_without_keys_are_in_the_order_of_their_kind(running: Simulation) -> None:
    for number in (1, 2):
        running.store("jobs", None, Pair(number, 0))
        running.store("free", None, number)
        running.store("seen", None, Pair(number, 0))
    assert (running.content("jobs"), running.content("free")) == ([Pair(1, 0), Pair(2, 0)], [2, 1])
    assert (Pair(2, 0) in running.maps["seen"], Pair(3, 0) in running.maps["seen"]) == (True, False)
    with pytest.raises(TypeError, match="cannot be listed"):
        running.content("seen")


@pytest.mark.parametrize(
    ("name", "key", "value", "error"),
    [
        ("nix", 0, 0, KeyError),
        ("array", 3, Pair(0, 0), ValueError),
        ("array", 0, 5, TypeError),
        ("own", 0, 256, ValueError),
        ("own", 0, "1", TypeError),
        ("table", 5, 5, TypeError),
        ("recent", -1, Pair(0, 0), ValueError),
        ("routes", 5, Pair(0, 0), TypeError),
        ("routes", (0, 33), Pair(0, 0), ValueError),
        ("jobs", None, 5, TypeError),
        ("jobs", 0, Pair(0, 0), TypeError),
        ("array", None, Pair(0, 0), TypeError),
        ("events", None, Pair(0, 0), TypeError),
    ],
)
def test_what_a_map_cannot_hold_is_not_stored(
    running: Simulation, name: str, key: Any, value: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        running.store(name, key, value)


@pytest.mark.parametrize(("name", "key"), [("table", Pair(9, 9)), ("mine", 9), ("routes", (9, 32)), ("jobs", None)])
def test_a_full_map_takes_no_more(running: Simulation, name: str, key: Any) -> None:
    value = Pair(0, 0) if running.declared[name].value == PAIR else 0
    for number in range(2):
        ours = {"table": Pair(number, 0), "routes": (number, 32), "jobs": None}.get(name, number)
        running.store(name, ours, value)
    with pytest.raises(syrup.MapFull):
        running.store(name, key, value)


TEXT = """
@syrup.struct
class Event:
    kind: u8
    at: be64


events = syrup.RingBuf(Event, 4096)
routes = syrup.LpmTrie(be32, u32, 4)
jobs = syrup.Queue(Event, 4)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    events.emit(Event(pkt.payload.u8(0), 7))
    jobs.push(Event(1, pkt.payload.u8(0)))
    return routes.get(pkt.payload.be32(1), 0)
"""


def test_a_policy_and_its_test_share_the_maps() -> None:
    run = simulation(TEXT)
    run.store("routes", (0x0A000000, 8), 3)
    assert outcome(run, b"\x05\x0a\x01\x02\x03") == "executor 3"
    assert outcome(run, b"\x06\x0b\x01\x02\x03") == "executor 0"
    assert [(event.kind, event.at) for event in run.maps["events"]] == [(5, 7), (6, 7)]
    assert [(job.kind, job.at) for job in run.content("jobs")] == [(1, 5), (1, 6)]
    assert run.maps["jobs"].pop().at == 5
    outcome(run, bytes(5))
    assert [[event.kind for event in run.content("events")] for _ in range(2)] == [[0], []]
