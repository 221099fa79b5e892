"""`policy.decide` gives what the kernel would, over the maps and in the world that plain Python sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count as count_up
from typing import Any

import pytest

import syrup
from syrup import Packet, World, u64
from tests.policies import decided, everything

Run = Callable[[Packet], int]


@pytest.fixture(autouse=True)
def _empty_maps() -> Iterator[None]:
    yield
    for each in (decided.serving, decided.tokens, decided.turn):
        each.clear()


def both_ways(policy: Any) -> list[Any]:
    return [pytest.param(policy, id="python"), pytest.param(policy.decide, id="compiled")]


# -- decisions -----------------------------------------------------------------------------------------------------


def test_a_decision_is_an_executor_pass_or_drop() -> None:
    assert decided.free.decide(Packet(b"\x01")) == 0
    assert decided.learn.decide(Packet()) == syrup.PASS
    for worker in range(decided.WORKERS):
        decided.serving[worker] = 1
    assert decided.free.decide(Packet(b"\x01")) == syrup.DROP


def test_a_decision_says_what_it_is() -> None:
    assert repr(decided.free.decide(Packet(b"\x01"))) == "executor 0"
    assert repr(decided.learn.decide(Packet())) == "PASS"
    assert str(decided.free.decide(Packet())) == "PASS (ShortPacket at decided.py:17:31)"


def test_a_fault_is_pass_and_names_its_place() -> None:
    decision = decided.spend.decide(Packet(src_port=1))
    assert decision == syrup.PASS
    assert decision.fault == syrup.Fault("KeyError", "decided.py", 25, 5)
    with pytest.raises(KeyError):
        decided.spend(Packet(src_port=1))


def test_what_was_stored_before_a_fault_stays() -> None:
    decided.spend.decide(Packet(src_port=1))
    assert decided.serving[0] == 7


def test_an_executor_that_is_not_there_is_a_fault() -> None:
    decided.tokens[1] = 4
    assert decided.spend.decide(Packet(src_port=1), executors=4) == 3
    decided.tokens[1] = 5
    decision = decided.spend.decide(Packet(src_port=1), executors=4)
    assert decision.fault is not None
    assert (decision, decision.fault.kind) == (syrup.PASS, "NoExecutor")


def test_more_executors_than_the_usual_room_are_a_choice_of_the_test() -> None:
    decided.tokens[1] = 101
    assert decided.spend.decide(Packet(src_port=1)).fault is not None
    assert decided.spend.decide(Packet(src_port=1), executors=200) == 99


def test_a_decision_without_fault_has_none() -> None:
    assert decided.free.decide(Packet(b"\x01")).fault is None


def test_what_is_no_packet_is_a_wrong_argument() -> None:
    with pytest.raises(TypeError, match="about a Packet, not about a bytes"):
        decided.free.decide(b"\x01")  # type: ignore[arg-type]


def test_fewer_executors_than_none_are_a_wrong_argument() -> None:
    with pytest.raises(ValueError, match="executors is -1"):
        decided.free.decide(Packet(b"\x01"), executors=-1)


def test_a_policy_from_a_path_has_no_module_whose_maps_to_use() -> None:
    with pytest.raises(TypeError, match="import the file"):
        syrup.compile("examples/sita.py").decide(Packet())


@pytest.mark.parametrize("run", both_ways(decided.learn))
def test_a_policy_sees_ports_and_hash_of_the_packet(run: Run) -> None:
    run(Packet(dst_port=53, flow_hash=0xFFFF_FFFF))
    assert dict(decided.tokens.items()) == {53: 0xFFFF_FFFF}


@pytest.mark.parametrize(
    "wrong", [{"src_port": 65_536}, {"dst_port": -1}, {"flow_hash": 1 << 32}, {"payload": bytes(65_528)}]
)
def test_a_packet_that_cannot_be_is_a_wrong_argument(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"0 to|holds"):
        Packet(**wrong)


def test_a_traced_line_goes_where_plain_python_writes_it(capsys: pytest.CaptureFixture[str]) -> None:
    request = Packet(bytes([1, 0, 0, 9, 4, 0, 0, 0]))
    everything.records(request)
    in_python = capsys.readouterr().err
    everything.records.decide(request)
    assert capsys.readouterr().err == in_python == "user 9 of 5\n"


# -- maps ----------------------------------------------------------------------------------------------------------


def test_the_module_s_maps_are_read_and_changed() -> None:
    decided.serving[0] = decided.serving[1] = 1
    assert decided.free.decide(Packet(b"\x09")) == 2
    assert decided.serving[2] == 9


def test_python_and_compiled_policies_take_turns_on_one_map() -> None:
    ways: list[Run] = [decided.free, decided.free.decide, decided.free, decided.free.decide]
    assert [run(Packet(b"\x01")) for run in ways] == [0, 1, 2, 3]


def test_policies_of_one_file_share_their_maps() -> None:
    decided.learn.decide(Packet(dst_port=5, flow_hash=3))
    assert decided.spend.decide(Packet(src_port=5)) == 2


@pytest.mark.parametrize("run", both_ways(decided.learn))
def test_a_full_map_is_full_for_the_compiled_policy_too(run: Run) -> None:
    decided.tokens.update({1: 1, 2: 2})
    if run is decided.learn:
        with pytest.raises(syrup.MapFull):
            run(Packet(dst_port=3))
    else:
        assert str(run(Packet(dst_port=3))) == "PASS (MapFull at decided.py:31:5)"
    assert dict(decided.tokens.items()) == {1: 1, 2: 2}


def test_another_map_in_its_place_is_the_one_that_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    decided.free.decide(Packet(b"\x01"))
    other = syrup.Array(u64, decided.WORKERS)
    monkeypatch.setattr(decided, "serving", other)
    assert decided.free.decide(Packet(b"\x05")) == 0
    assert list(other.values()) == [5, 0, 0, 0]


@pytest.mark.parametrize("other", [syrup.Array(u64, 5), syrup.PerCpuArray(u64, 4), [0, 0, 0, 0]])
def test_what_the_policy_does_not_declare_is_refused(monkeypatch: pytest.MonkeyPatch, other: object) -> None:
    monkeypatch.setattr(decided, "serving", other)
    with pytest.raises(TypeError, match="`serving` is "):
        decided.free.decide(Packet(b"\x01"))


# -- the world -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("run", both_ways(decided.lucky))
def test_random_numbers_are_those_of_the_world(run: Run) -> None:
    with World(random=[3, 5, 7, 1]):
        assert [run(Packet()), run(Packet())] == [13, 9]
    with World(random=4):
        assert run(Packet()) == 12
    with World(random=count_up()):
        assert run(Packet()) == 2


@pytest.mark.parametrize("run", both_ways(decided.lucky))
@pytest.mark.parametrize("numbers", [[3], [3, 1 << 32], [-1]])
def test_a_number_that_the_world_does_not_have_ends_the_test(run: Run, numbers: list[int]) -> None:
    with World(random=numbers), pytest.raises(RuntimeError, match="random number"):
        run(Packet())


def test_a_seed_gives_the_same_numbers_both_ways_and_again() -> None:
    runs = []
    for run in (decided.lucky, decided.lucky.decide, decided.lucky):
        with World(seed=5):
            runs.append([int(run(Packet())) for _ in range(20)])
    assert runs[0] == runs[1] == runs[2]
    assert len(set(runs[0])) > 1


@pytest.mark.parametrize("run", both_ways(decided.late))
def test_the_clock_stands_until_it_is_set(run: Run) -> None:
    with World(now_ns=3_000_000_000) as world:
        assert [run(Packet()), run(Packet())] == [3, 3]
        world.now_ns += 2_000_000_000
        assert run(Packet()) == 5


@pytest.mark.parametrize("run", both_ways(decided.late))
def test_worlds_nest_and_end(run: Run) -> None:
    with World(now_ns=1_000_000_000):
        with World(cpu=7):
            assert run(Packet()) == 7
        assert run(Packet()) == 1
    assert syrup.now_ns() != 1_000_000_000


@pytest.mark.parametrize("run", both_ways(decided.count))
def test_a_per_cpu_map_shows_a_policy_its_own_cpu_and_a_test_the_total(run: Run) -> None:
    with World(cpu=1) as world:
        assert [run(Packet()), run(Packet())] == [1, 2]
        world.cpu = 63
        assert run(Packet()) == 1
        assert decided.turn[0] == 3
        assert decided.turn.per_cpu(0)[1:3] == (2, 0)
    assert run(Packet()) == 1


@pytest.mark.parametrize("run", both_ways(decided.count))
def test_a_total_that_a_test_stores_is_the_first_cpu_s(run: Run) -> None:
    with World(cpu=3) as world:
        run(Packet())
        decided.turn[0] = 10
        assert run(Packet()) == 1
        world.cpu = 0
        assert run(Packet()) == 11


@pytest.mark.parametrize("wrong", [{"cpu": 64}, {"cpu": -1}, {"now_ns": 1 << 64}, {"now_ns": -1}])
def test_a_world_that_cannot_be_is_a_wrong_argument(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"is -?\d+, not"):
        World(**wrong)  # type: ignore[arg-type]
