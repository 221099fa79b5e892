"""Declared arrays, hash maps and tries in plain Python: what a policy's unit test sees."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import syrup
from syrup import be16, be32, be64, i32, u8, u16, u32, u64
from syrupc.lang.world import running
from syrupc.spec import IntType


@syrup.struct
class Flow:
    address: be32
    port: be16


@syrup.struct
class Counters:
    packets: u64
    last: u32
    sizes: syrup.Elements[u32] = syrup.elements(4)


@syrup.struct
class Network:
    site: u8
    rest: syrup.Elements[u8] = syrup.elements(3)


unhurried = settings(deadline=None)

FLOW, OTHER = Flow(0x7F000001, 53), Flow(0x7F000001, 54)


# -- mappings ----------------------------------------------------------------------------------------------------------


def test_an_array_has_all_its_entries() -> None:
    array = syrup.Array(i32, 3)
    array[1] = -7
    assert (dict(array), len(array)) == ({0: 0, 1: -7, 2: 0}, 3)
    assert (2 in array, 3 in array, -1 in array) == (True, False, False)
    assert (array.get(2, 5), array.get(3, 5), array.get(-1, 5)) == (0, 5, 5)
    for index in (3, -1, 2**70):
        with pytest.raises(IndexError):
            array[index]
        with pytest.raises(IndexError):
            array[index] = 1
    with pytest.raises(TypeError, match="cannot be deleted"):
        del array[0]
    with pytest.raises(TypeError, match="load the policy first"):
        _ = array.array


@pytest.mark.parametrize("cls", [syrup.HashMap, syrup.LruHashMap, syrup.PerCpuHashMap])
def test_a_hash_map_is_a_mapping(cls: Any) -> None:
    table = cls(u64, int, 4)
    table[2**64 - 1] = -1
    table[5] = 2**63 + 1
    assert dict(table) == {2**64 - 1: -1, 5: -(2**63) + 1}
    assert (len(table), list(table.values()), 5 in table, 6 in table, "5" in table) == (
        2,
        [-1, -(2**63) + 1],
        True,
        False,
        False,
    )
    del table[5]
    assert (table.get(5), table.get(5, 3), table.get(2**64 - 1, 3)) == (None, 3, -1)
    for missing in (5, -1, 2**64):
        with pytest.raises(KeyError):
            table[missing]
        with pytest.raises(KeyError):
            del table[missing]


@pytest.mark.parametrize("cls", [syrup.HashMap, syrup.PerCpuHashMap])
def test_a_full_hash_map_says_so_and_still_replaces(cls: Any) -> None:
    table = cls(u32, u64, 2)
    table[0], table[1] = 10, 11
    with pytest.raises(syrup.MapFull):
        table[2] = 12
    table[1] = 13
    assert dict(table) == {0: 10, 1: 13}


def test_records_are_keys_and_values() -> None:
    flows = syrup.HashMap(Flow, Counters, 4)
    flows[FLOW] = Counters(1, 2)
    assert (flows[FLOW], flows.get(OTHER), FLOW in flows, OTHER in flows) == (Counters(1, 2), None, True, False)
    assert dict(flows) == {FLOW: Counters(1, 2)}
    for wrong in (1, Counters(1, 2), (1, 2)):
        assert wrong not in flows
        with pytest.raises(TypeError, match="a record of `Flow` is needed"):
            flows[wrong]  # type: ignore[index]
    with pytest.raises(TypeError, match="a record of `Counters` is needed, not `int`"):
        flows[FLOW] = 3  # type: ignore[assignment]


def test_a_value_that_was_read_stays_as_it_was() -> None:
    table = syrup.Array(Counters, 1)
    before = table[0]
    table[0] = Counters(9, 9)
    assert (before, table[0]) == (Counters(0, 0), Counters(9, 9))


@pytest.mark.parametrize("count", [0, -1, 2**32])
def test_the_number_of_entries_is_in_range(count: int) -> None:
    with pytest.raises(ValueError, match="at "):
        syrup.Array(u64, count)
    with pytest.raises(ValueError, match="at "):
        syrup.HashMap(u32, u64, count)


@pytest.mark.parametrize("wrong", [float, str, 5, None, list[int]])
def test_other_types_are_type_errors(wrong: Any) -> None:
    with pytest.raises(TypeError, match="is not an integer type"):
        syrup.Array(wrong, 1)
    with pytest.raises(TypeError, match="is not an integer type"):
        syrup.HashMap(wrong, u64, 1)
    with pytest.raises(TypeError):
        syrup.Array(u64, 1.5)  # type: ignore[arg-type]


def test_a_map_knows_what_its_keys_and_values_are_made_with() -> None:
    flows, routes, queue = syrup.HashMap(Flow, u64, 9), syrup.LpmTrie(be32, Counters, 9), syrup.Queue(bool, 9)
    assert [(each.key_class, each.value_class) for each in (flows, routes, queue)] == [
        (Flow, int),
        (int, Counters),
        (None, bool),
    ]


def test_a_map_says_what_it_is() -> None:
    assert repr(syrup.HashMap(Flow, u64, 9)) == "<HashMap unnamed: Flow -> u64, 9 entries>"
    assert repr(syrup.Queue(Flow, 9)) == "<Queue unnamed: Flow, 9 entries>"
    assert repr(syrup.RingBuf(Flow, 4096)) == "<RingBuf unnamed: Flow, 4096 bytes>"


def test_a_large_array_costs_nothing_until_it_is_used() -> None:
    array = syrup.Array(u64, 2**32 - 1)
    array[2**31] = 1
    assert (array[2**31], array[2**31 + 1]) == (1, 0)


@unhurried
@given(st.lists(st.tuples(st.sampled_from("rwdi"), st.integers(0, 5)), max_size=40))
def test_an_lru_map_forgets_what_was_used_longest_ago(steps: list[tuple[str, int]]) -> None:
    table, model = syrup.LruHashMap(u32, u32, 3), OrderedDict[int, int]()
    for number, (step, key) in enumerate(steps):
        match step:
            case "r":
                assert table.get(key) == model.get(key)
            case "i":
                assert (key in table) == (key in model)
            case "w":
                table[key] = model[key] = number
                model.move_to_end(key)
                if len(model) > 3:
                    model.popitem(last=False)
            case "d":
                assert table.pop(key, None) == model.pop(key, None)
        if step != "d" and key in model:
            model.move_to_end(key)
        assert next(iter(table.items()), None) == next(iter(model.items()), None)
        assert dict(table.items()) == dict(model)


# -- references --------------------------------------------------------------------------------------------------------


def test_a_reference_into_an_array_is_the_entry() -> None:
    array = syrup.Array(Counters, 2)
    ref = array.lookup(1)
    assert ref is not None
    ref.packets += 1
    ref.sizes[3] = 7
    assert (array[1].packets, list(array[1].sizes), array[0]) == (1, [0, 0, 0, 7], Counters(0, 0))
    array[1] = Counters(5, 5)
    assert ref == Counters(5, 5)
    assert array.lookup(2) is array.lookup(-1) is array.lookup(2**80) is None


@pytest.mark.parametrize("cls", [syrup.HashMap, syrup.LruHashMap])
def test_a_reference_into_a_hash_map_is_the_entry(cls: Any) -> None:
    table = cls(u32, Counters, 2)
    assert table.lookup(7) is None
    table[7] = Counters(1, 1)
    table.lookup(7).packets = -1
    assert table[7] == Counters(2**64 - 1, 1)
    assert table.lookup(-1) is table.lookup(2**32) is None


def test_an_integer_is_reached_through_its_value() -> None:
    table = syrup.HashMap(u32, u16, 2)
    table[0] = 65535
    cell = table.lookup(0)
    assert isinstance(cell, syrup.Cell)
    cell.value += 2
    assert (cell.value, table[0], repr(cell)) == (1, 1, "<reference to 1>")
    with pytest.raises(TypeError, match="an integer is needed"):
        cell.value = "1"  # type: ignore[assignment]


def test_a_bool_reads_as_one() -> None:
    flags = syrup.Array(bool, 2)
    flags[1] = 2  # type: ignore[assignment]
    assert flags[1] is True
    assert flags[0] is False
    cell = flags.lookup(1)
    assert cell is not None
    assert cell.value is True


# -- atomic operations -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [u32, u64, i32, int])
def test_atomic_operations_give_what_the_value_was(value: Any) -> None:
    array = syrup.Array(value, 2)
    below_zero = value.wrap(-1) if isinstance(value, IntType) else -1
    assert [array.fetch_add(1, -1), array.fetch_add(1, 3), array[1]] == [0, below_zero, 2]
    assert [array.compare_swap(1, 5, 9), array[1], array.compare_swap(1, 2, 9), array[1]] == [2, 2, 2, 9]
    with pytest.raises(IndexError):
        array.fetch_add(2, 1)


def test_what_is_swapped_in_wraps_and_what_is_compared_does_not() -> None:
    table = syrup.HashMap(u32, u32, 1)
    table[0] = 2**32 - 1
    assert (table.compare_swap(0, -1, 9), table[0]) == (2**32 - 1, 2**32 - 1)
    assert (table.compare_swap(0, 2**32 - 1, 2**32 + 5), table[0]) == (2**32 - 1, 5)
    for operation in (table.fetch_add, table.compare_swap):
        with pytest.raises(KeyError):
            operation(1, 0, *[0] * (operation == table.compare_swap))


def test_a_reference_sees_an_atomic_operation() -> None:
    table = syrup.HashMap(u32, u64, 1)
    table[0] = 1
    cell = table.lookup(0)
    table.fetch_add(0, 4)
    assert cell is not None
    assert cell.value == 5


@pytest.mark.parametrize("value", [u8, u16, bool, be32, be64, Flow])
def test_atomic_operations_are_for_wide_integers(value: Any) -> None:
    array: Any = syrup.Array(value, 1)
    with pytest.raises(TypeError, match="32 and 64 bits"):
        array.fetch_add(0, 1)
    with pytest.raises(TypeError, match="32 and 64 bits"):
        array.compare_swap(0, 0, 1)


# -- per-CPU maps ------------------------------------------------------------------------------------------------------


def both_cpus(action: Callable[[], object]) -> None:
    """Do it as policies on two CPUs do."""
    for cpu in (0, 5):
        with syrup.World(cpu=cpu), running():
            action()


def test_a_policy_sees_its_own_cpus_value_and_a_test_the_total() -> None:
    hits = syrup.PerCpuArray(u32, 2)
    hits[1] = 2**32 + 3
    both_cpus(lambda: hits.__setitem__(1, hits[1] + 1))
    assert (hits[1], dict(hits), hits.per_cpu(1)[:6]) == (5, {0: 0, 1: 5}, (4, 0, 0, 0, 0, 1))
    with syrup.World(cpu=5), running():
        assert (hits[1], hits.per_cpu(1)) == (1, (1,))
    hits[1] = 7
    assert (hits[1], hits.per_cpu(1)[5]) == (7, 0)
    with pytest.raises(IndexError):
        hits.per_cpu(2)


def test_a_reference_into_a_per_cpu_map_is_the_cpus() -> None:
    seen = syrup.PerCpuHashMap(Flow, Counters, 2)
    seen[FLOW] = Counters(1, 1)

    def count() -> None:
        ref = seen.lookup(FLOW)
        assert ref is not None
        ref.packets += 10

    both_cpus(count)
    assert [seen.per_cpu(FLOW)[cpu] for cpu in (0, 1, 5)] == [Counters(11, 1), Counters(0, 0), Counters(10, 0)]
    assert (FLOW in seen, OTHER in seen, list(seen)) == (True, False, [FLOW])
    with pytest.raises(KeyError):
        seen.per_cpu(OTHER)


def test_records_of_several_cpus_have_no_total() -> None:
    seen = syrup.PerCpuArray(Counters, 1)
    for read in (lambda: seen[0], lambda: dict(seen), lambda: list(seen.values())):
        with pytest.raises(TypeError, match=r"no total of a Counters over the CPUs: `per_cpu\(key\)` gives them all"):
            read()
    with running():
        assert seen[0] == Counters(0, 0)


# -- tries -------------------------------------------------------------------------------------------------------------


def address(text: str) -> int:
    return int(ipaddress.ip_address(text))


def test_a_trie_finds_the_longest_prefix() -> None:
    routes = syrup.LpmTrie(be32, u32, 4)
    routes[address("10.0.0.0"), 8] = 1
    routes[address("10.1.0.0"), 16] = 2
    assert [routes.get(address(a), 0) for a in ("10.1.2.3", "10.2.0.0", "11.0.0.0")] == [2, 1, 0]
    assert [address(a) in routes for a in ("10.9.9.9", "9.9.9.9")] == [True, False]
    assert (routes[address("10.1.255.255")], routes.get(address("9.9.9.9"))) == (2, None)
    for missing in (0, -1, 2**32):
        with pytest.raises(KeyError):
            routes[missing]
    assert routes.lookup(-1) is None
    assert "10.0.0.1" not in routes


def test_a_tries_entries_are_prefixes() -> None:
    routes = syrup.LpmTrie(be32, u32, 2)
    routes[address("10.1.2.3"), 8] = 1
    routes[0, 0] = 2
    assert dict(routes.items()) == {(address("10.0.0.0"), 8): 1, (0, 0): 2}
    assert (sorted(routes), len(routes)) == ([(0, 0), (address("10.0.0.0"), 8)], 2)
    with pytest.raises(syrup.MapFull):
        routes[1, 32] = 3
    routes[address("10.9.9.9"), 8] = 4
    assert routes[address("10.0.0.1")] == 4
    del routes[address("10.5.5.5"), 8]
    assert routes[address("10.0.0.1")] == 2
    with pytest.raises(KeyError):
        del routes[address("10.0.0.0"), 8]


def test_a_reference_into_a_trie_is_the_entry_of_the_longest_prefix() -> None:
    routes = syrup.LpmTrie(be32, Counters, 2)
    routes[address("10.0.0.0"), 8] = Counters(0, 0)
    ref = routes.lookup(address("10.1.1.1"))
    assert ref is not None
    ref.packets += 1
    assert list(routes.items()) == [((address("10.0.0.0"), 8), Counters(1, 0))]


def test_a_struct_counts_from_its_first_byte() -> None:
    sites = syrup.LpmTrie(Network, u32, 4)
    sites[Network(0b1010_0000), 3] = 1
    assert (sites.get(Network(0b1011_1111), 0), sites.get(Network(0b1100_0000), 0), sites.bits) == (1, 0, 32)
    assert list(sites) == [(Network(0b1010_0000), 3)]


@pytest.mark.parametrize("length", [-1, 33])
def test_a_prefix_is_at_most_as_long_as_an_address(length: int) -> None:
    routes = syrup.LpmTrie(be32, u32, 2)
    with pytest.raises(ValueError, match="0 to 32 bits"):
        routes[0, length] = 1


@pytest.mark.parametrize("entry", [5, (5,), (5, 6, 7), (5, "8"), None])
def test_an_entry_is_a_pair(entry: Any) -> None:
    routes = syrup.LpmTrie(be32, u32, 2)
    with pytest.raises(TypeError, match=r"is `\(address, length\)`, not"):
        routes[entry] = 1


@syrup.struct
class Padded:
    a: u8
    b: be32


@syrup.struct
class Mixed:
    a: be32
    b: u32


@syrup.struct
class Long:
    a: syrup.Elements[u8] = syrup.elements(257)


@pytest.mark.parametrize(
    ("key", "error", "what"),
    [
        (u32, TypeError, "u32 does not lie in network order"),
        (int, TypeError, "int does not lie in network order"),
        (Mixed, TypeError, "u32 does not lie in network order"),
        (Padded, TypeError, "Padded has padding"),
        (Long, ValueError, "257 bytes"),
    ],
)
def test_an_address_lies_in_network_order(key: Any, error: type[Exception], what: str) -> None:
    with pytest.raises(error, match=what):
        syrup.LpmTrie(key, u32, 2)


prefixes = st.tuples(st.integers(0, 2**16 - 1), st.integers(0, 16))


@unhurried
@given(st.dictionaries(prefixes, st.integers(0, 99), max_size=20), st.lists(prefixes, max_size=5), st.data())
def test_a_trie_finds_what_a_search_through_all_prefixes_finds(
    entries: dict[tuple[int, int], int], deleted: list[tuple[int, int]], data: st.DataObject
) -> None:
    trie, model = syrup.LpmTrie(be16, u32, 64), dict[tuple[int, int], int]()
    for (bits, length), value in entries.items():
        trie[bits, length] = value
        model[bits >> 16 - length, length] = value
    for bits, length in deleted:
        if model.pop((bits >> 16 - length, length), None) is not None:
            del trie[bits, length]
    wanted = data.draw(st.integers(0, 2**16 - 1))
    fitting = [(length, value) for (bits, length), value in model.items() if wanted >> 16 - length == bits]
    assert trie.get(wanted) == (max(fitting)[1] if fitting else None)
    assert {(bits >> 16 - length, length): value for (bits, length), value in trie.items()} == model
