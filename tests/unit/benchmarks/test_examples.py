"""The example policies as plain Python: what each decides, on datagrams of the demo's service."""

import ast
import sys
from collections import Counter
from importlib import import_module

import pytest

import syrup
from benchmarks.demo.protocol import GET, SCAN, Message, pack
from benchmarks.demo.trace import Load, draw
from benchmarks.measure import EXAMPLES, example
from examples import least_loaded as least_loaded_file
from examples import power_of_two as power_of_two_file
from examples import sticky as sticky_file
from examples.flow_hash import flow_hash
from examples.key_hash import key_hash
from examples.least_loaded import least_loaded
from examples.power_of_two import power_of_two
from examples.priority import NORMAL, URGENT, busy, priority
from examples.rate_limit import BURST, COST, due, rate_limit
from examples.round_robin import round_robin
from examples.scan_avoid import scan_avoid, serving
from examples.sita import sita
from examples.sticky import BUSY, owner, sticky
from examples.tokens import left, tokens
from examples.weighted import share, weighted

WORKERS = 6


def request(kind: int = GET, *, key: int = 1, user: int = 1) -> syrup.Packet:
    return syrup.Packet(pack(Message(kind, user, 1, key, 0)))


@pytest.fixture(autouse=True)
def _idle() -> None:
    for worker in range(WORKERS):
        serving[worker] = 0
        busy[worker] = share[worker] = 0
        for file in (least_loaded_file, power_of_two_file, sticky_file):
            file.load[worker] = 0
    for table in (left, due, owner):
        table.clear()


def test_no_example_hides_a_module_of_python() -> None:
    """A script beside the examples imports from their folder first."""
    assert set(EXAMPLES) & sys.stdlib_module_names == set()


def test_round_robin_takes_the_workers_in_turn() -> None:
    first = [round_robin(request()) for _ in range(WORKERS)]

    assert sorted(first) == list(range(WORKERS))
    assert [round_robin(request()) for _ in range(WORKERS)] == first


def test_flow_hash_keeps_a_flow_with_one_worker() -> None:
    packets = [syrup.Packet(flow_hash=hash_) for hash_ in (0, 7, 2**32 - 1)]

    assert [flow_hash(packet) for packet in packets] == [0, 1, 3]
    assert [flow_hash(packet) for packet in packets] == [0, 1, 3]


def test_sita_gives_scans_a_worker_of_their_own() -> None:
    assert {sita(request(SCAN)) for _ in range(20)} == {WORKERS - 1}
    assert {sita(request(GET)) for _ in range(20)} == set(range(WORKERS - 1))


def test_sita_leaves_what_it_cannot_read_to_the_default() -> None:
    with pytest.raises(syrup.ShortPacket):
        sita(syrup.Packet(b""))


def test_scan_avoid_avoids_who_serves_a_scan() -> None:
    serving[2] = serving[3] = SCAN
    serving[4] = GET

    assert {scan_avoid(request()) for _ in range(20)} == {0, 1, 4, 5}


def test_scan_avoid_asks_the_default_when_all_serve_scans() -> None:
    for worker in range(WORKERS):
        serving[worker] = SCAN

    assert scan_avoid(request()) == syrup.PASS


def test_tokens_lets_pass_what_there_are_tokens_for() -> None:
    left[7] = 2

    assert [tokens(request(user=7)) for _ in range(4)] == [syrup.PASS, syrup.PASS, syrup.DROP, syrup.DROP]
    left[7] = 1  # a refill
    assert [tokens(request(user=7)) for _ in range(2)] == [syrup.PASS, syrup.DROP]


def test_tokens_drops_users_without_an_entry() -> None:
    assert tokens(request(user=8)) == syrup.DROP


def test_key_hash_gives_a_key_one_owner_and_spreads_the_keys() -> None:
    owners = Counter(key_hash(request(key=key)) for key in range(6000))

    assert sorted(owners) == list(range(WORKERS))
    assert all(900 < count < 1100 for count in owners.values())
    assert key_hash(request(GET, key=5)) == key_hash(request(SCAN, key=5))


def test_least_loaded_takes_the_one_with_least_and_turns_where_several_have() -> None:
    for worker, load in enumerate((4, 2, 7, 2, 5, 3)):
        least_loaded_file.load[worker] = load

    assert Counter(least_loaded(request()) for _ in range(WORKERS * 10)).keys() == {1, 3}
    least_loaded_file.load[4] = 0
    assert {least_loaded(request()) for _ in range(WORKERS)} == {4}


def test_power_of_two_never_takes_the_busiest_and_takes_all_others() -> None:
    for worker in range(WORKERS):
        power_of_two_file.load[worker] = worker

    taken = Counter(power_of_two(request()) for _ in range(600))

    assert sorted(taken) == list(range(WORKERS - 1))
    assert taken[0] > taken[WORKERS - 2]


def test_weighted_follows_the_shares_and_leaves_the_rest_to_the_default() -> None:
    share[1], share[4] = 60, 20

    taken = Counter(weighted(request()) for _ in range(2000))

    assert taken.keys() == {1, 4, syrup.PASS}
    assert taken[1] > 2 * taken[4] > taken[syrup.PASS]


def test_rate_limit_lets_a_burst_pass_and_then_the_rate(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 10**12
    monkeypatch.setattr(syrup, "now_ns", lambda: now)
    burst = [rate_limit(request(user=3)) for _ in range(BURST // COST + 1)]

    assert burst == [syrup.PASS] * (BURST // COST) + [syrup.DROP]
    assert rate_limit(request(user=4)) == syrup.PASS
    now += 2 * COST
    assert [rate_limit(request(user=3)) for _ in range(3)] == [syrup.PASS, syrup.PASS, syrup.DROP]


def test_sticky_keeps_a_key_with_its_owner_while_that_has_time() -> None:
    first = sticky(request(key=7))

    assert {sticky(request(key=7)) for _ in range(WORKERS)} == {first}
    sticky_file.load[first] = BUSY
    assert {sticky(request(key=7)) for _ in range(WORKERS)} == set(range(WORKERS))
    sticky_file.load[first] = 0
    assert sticky(request(key=7)) == first
    owner[7] = (first + 1) % WORKERS
    assert sticky(request(key=7)) == (first + 1) % WORKERS


def test_priority_keeps_workers_free_for_what_is_urgent() -> None:
    levels = (URGENT, NORMAL, 3)

    assert [priority(request(level)) for level in levels] == [5, 3, 1]
    busy[3] = busy[2] = 1
    assert priority(request(NORMAL)) == 1
    for worker in range(WORKERS):
        busy[worker] = 1
    allowed = [{priority(request(level)) for _ in range(300)} for level in levels]
    assert allowed == [set(range(6)), set(range(4)), set(range(2))]


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_policy_decides_on_every_request_of_the_demo(name: str) -> None:
    policy = getattr(import_module(f"examples.{name}"), name)
    decisions = {policy(syrup.Packet(data)) for data in draw(Load(seconds=0.1), seed=1).datagrams()}

    assert decisions <= {syrup.PASS, syrup.DROP, *range(WORKERS)}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_policy_fits_in_twenty_lines_and_says_when_to_use_it(name: str) -> None:
    text = example(name).read_text()
    module = ast.parse(text)

    policy_lines = [line for line in text.splitlines()[module.body[0].end_lineno :] if line.strip()]
    assert len(policy_lines) <= 20
    assert "Use it " in (ast.get_docstring(module) or "")
