"""Maps in the kernel, used from user space as the mappings and arrays that they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import numpy
import pytest

import syrup
from syrup import be16, be32, u8, u32, u64
from syrup._sys import maps as kernel
from syrup._sys import objects, programs
from syrup._sys.cpus import possible_cpus
from syrup.maps import Maps, descriptor
from syrupc.kernel.map_types import is_whole
from syrupc.lang.records import kind_of
from syrupc.spec import (
    BE16,
    BE32,
    BE64,
    BOOL,
    I8,
    I16,
    I32,
    INT,
    U8,
    U16,
    U32,
    U64,
    IntType,
    MapKind,
    MapSpec,
    StoredType,
)
from tests.kernel.handmade import always, policy, probe

pytestmark = pytest.mark.bpf


@syrup.struct
class Flow:
    address: be32
    port: be16


@syrup.struct
class Counters:
    packets: u64
    flow: Flow
    flag: bool
    sizes: syrup.Elements[u32] = syrup.elements(3)


@syrup.struct
class Network:
    site: u8
    rest: syrup.Elements[u8] = syrup.elements(3)


FLOW, COUNTERS, NETWORK = (kind_of(each).type for each in (Flow, Counters, Network))


@contextmanager
def live(*declared: MapSpec) -> Iterator[Maps]:
    with syrup.load(policy(always(0), maps=declared)) as loaded:
        yield loaded.maps


def array(value: StoredType, entries: int = 4) -> MapSpec:
    return MapSpec("cells", MapKind.ARRAY, U32, value, entries)


def table(
    key: StoredType = U32, value: StoredType = U64, entries: int = 8, kind: MapKind = MapKind.HASH_MAP
) -> MapSpec:
    return MapSpec("table", kind, key, value, entries)


def through_system_calls(maps: Maps, index: int) -> bytes:
    fd, declared = descriptor(maps.cells).fileno(), maps.cells.spec
    size = declared.value.size
    key, place = (0, index * size) if is_whole(declared) else (index, 0)
    value = kernel.lookup(fd, key.to_bytes(4, "little"), objects.map_info(fd).shape.value_size)
    assert value is not None
    return value[place : place + size]


@pytest.mark.parametrize("entries", [4, 70_000], ids=["small", "large"])
@pytest.mark.parametrize("value", [U8, U16, U32, U64, I8, I16, I32, INT, BOOL], ids=str)
def test_a_store_into_an_array_is_what_the_kernel_reads(value: IntType, entries: int) -> None:
    with live(array(value, entries)) as maps:
        assert is_whole(maps.cells.spec) == (entries == 4)
        for number in {0, 1, value.minimum, value.maximum}:
            maps.cells.array[2] = number
            assert through_system_calls(maps, 2) == value.to_bytes(number)
            assert maps.cells[2] == maps.cells.array[2] == number
            maps.cells[3] = number
            assert maps.cells.array[3] == number
        assert list(maps.cells.array[:2]) == [0, 0]
        assert len(dict(maps.cells)) == entries


@pytest.mark.parametrize("value", [U8, U16, U32, U64, I8, I16, I32, INT, BOOL], ids=str)
def test_an_array_view_has_the_declared_type_and_length(value: IntType) -> None:
    with live(array(value, 5)) as maps:
        view = maps.cells.array
        assert view.shape == (5,)
        assert view.dtype == numpy.dtype(bool if value is BOOL else f"{'i' if value.signed else 'u'}{value.size}")
        assert view is maps.cells.array


def test_an_array_view_outlives_the_map() -> None:
    with live(array(U16)) as maps:
        view = maps.cells.array
    del maps
    view[1] = 5
    assert list(view) == [0, 5, 0, 0]


def test_an_array_over_several_pages() -> None:
    with live(array(U64, 3000)) as maps:
        maps.cells.array[:] = numpy.arange(3000)
        assert maps.cells[2999] == 2999
        assert sum(maps.cells.values()) == 2999 * 1500


def test_an_array_is_a_mapping_of_all_its_indexes() -> None:
    with live(array(I32, 3)) as maps:
        maps.cells[1] = -7
        assert dict(maps.cells) == {0: 0, 1: -7, 2: 0}
        assert (len(maps.cells), 2 in maps.cells, 3 in maps.cells, maps.cells.get(9, 5)) == (3, True, False, 5)
        for index in (3, -1):
            with pytest.raises(IndexError):
                maps.cells[index] = 1
        with pytest.raises(TypeError):
            del maps.cells[0]


def test_a_hash_map_is_a_mapping() -> None:
    with live(table(U64, INT)) as maps:
        assert (dict(maps.table), len(maps.table), bool(maps.table)) == ({}, 0, False)
        maps.table[2**64 - 1] = -1
        maps.table[5] = 2**63 - 1
        assert dict(maps.table) == {2**64 - 1: -1, 5: 2**63 - 1}
        del maps.table[5]
        assert (5 in maps.table, maps.table.get(5), maps.table.get(5, 3)) == (False, None, 3)
        with pytest.raises(KeyError):
            maps.table[5]
        with pytest.raises(KeyError):
            maps.table.pop(5)
        with pytest.raises(KeyError):
            del maps.table[5]


def test_a_full_hash_map_says_so_and_still_replaces() -> None:
    with live(table(entries=4)) as maps:
        for key in range(4):
            maps.table[key] = key
        with pytest.raises(syrup.MapFull):
            maps.table[4] = 4
        maps.table[3] = 30
        assert maps.table[3] == 30


@pytest.mark.parametrize("entries", [1, 255, 256, 257, 5000])
def test_a_hash_map_is_read_whole_in_batches(entries: int) -> None:
    with live(table(entries=entries)) as maps:
        for key in range(entries):
            maps.table[key] = key + 1
        assert sorted(maps.table) == list(range(entries))
        assert len(maps.table) == entries


def test_a_per_cpu_array_reads_as_the_total() -> None:
    with live(MapSpec("hits", MapKind.PER_CPU_ARRAY, U32, U32, 3)) as maps:
        maps.hits[1] = 41
        assert maps.hits.per_cpu(1) == (41, *[0] * (possible_cpus() - 1))
        assert (maps.hits[1], maps.hits[0]) == (41, 0)
        maps.hits[1] += 1
        assert maps.hits[1] == 42


# -- structs -----------------------------------------------------------------------------------------------------------


def test_an_array_of_records_is_structured_memory() -> None:
    with live(array(COUNTERS)) as maps:
        maps.cells[1] = Counters(2**64 - 1, Flow(0x7F000001, 53), True)
        view = maps.cells.array
        assert (view["packets"][1], view["flow"]["port"][1], view["flag"][1]) == (2**64 - 1, 53, True)
        view["flow"]["address"][2] = 0x0A000001
        view["sizes"][2] = (1, 2, 3)
        assert maps.cells[2] == Counters.from_bytes(through_system_calls(maps, 2))  # type: ignore[attr-defined]
        assert (maps.cells[2].flow.address, list(maps.cells[2].sizes)) == (0x0A000001, [1, 2, 3])
        assert (view.shape, view.dtype.itemsize, view.dtype["flow"]["address"].byteorder) == ((4,), COUNTERS.size, ">")


@pytest.mark.parametrize("value", [BE16, BE32, BE64], ids=str)
def test_an_array_in_network_order_is_read_as_integers(value: IntType) -> None:
    with live(array(value)) as maps:
        maps.cells.array[1] = 0x1234
        assert through_system_calls(maps, 1) == value.to_bytes(0x1234)
        assert maps.cells[1] == 0x1234


@pytest.mark.parametrize("kind", [MapKind.HASH_MAP, MapKind.LRU_HASH_MAP])
def test_records_are_keys_and_values(kind: MapKind) -> None:
    with live(table(FLOW, COUNTERS, kind=kind)) as maps:
        maps.table[Flow(1, 2)] = Counters(3, Flow(4, 5), True)
        ((flow, counters),) = maps.table.items()
        assert (flow, counters) == (Flow(1, 2), Counters(3, Flow(4, 5), True))
        assert (flow in maps.table, Flow(2, 1) in maps.table, maps.table.get(Flow(2, 1))) == (True, False, None)
        del maps.table[flow]
        assert dict(maps.table) == {}


def test_a_full_lru_map_forgets() -> None:
    with live(table(entries=16, kind=MapKind.LRU_HASH_MAP)) as maps:
        for key in range(100):
            maps.table[key] = key
        assert 0 < len(maps.table) <= 16
        assert maps.table[99] == 99
        assert all(key == value for key, value in maps.table.items())


@pytest.mark.parametrize("kind", [MapKind.PER_CPU_ARRAY, MapKind.PER_CPU_HASH_MAP])
def test_per_cpu_records_have_no_total(kind: MapKind) -> None:
    with live(table(U32, FLOW, kind=kind)) as maps:
        maps.table[1] = Flow(1, 2)
        assert maps.table.per_cpu(1) == (Flow(1, 2), *[Flow(0, 0)] * (possible_cpus() - 1))
        if possible_cpus() > 1:
            for read in (lambda: maps.table[1], lambda: list(maps.table.values()), lambda: dict(maps.table)):
                with pytest.raises(
                    TypeError, match=r"no total of a Flow over the CPUs: `per_cpu\(key\)` gives them all"
                ):
                    read()
        assert 1 in maps.table


def test_a_per_cpu_hash_map_reads_as_the_total() -> None:
    with live(table(U64, U32, kind=MapKind.PER_CPU_HASH_MAP)) as maps:
        maps.table[2**40] = 2**32 - 1
        assert (dict(maps.table), maps.table.per_cpu(2**40)[0]) == ({2**40: 2**32 - 1}, 2**32 - 1)
        with pytest.raises(KeyError):
            maps.table.per_cpu(1)


# -- tries -------------------------------------------------------------------------------------------------------------


def test_a_trie_finds_the_longest_prefix() -> None:
    with live(table(BE32, U64, 3, MapKind.LPM_TRIE)) as maps:
        maps.table[0x0A010203, 8] = 1
        maps.table[0x0A010203, 16] = 2
        maps.table[0, 0] = 3
        assert [maps.table[address] for address in (0x0A01FFFF, 0x0AFF0000, 0x0B000000)] == [2, 1, 3]
        assert dict(maps.table.items()) == {(0x0A000000, 8): 1, (0x0A010000, 16): 2, (0, 0): 3}
        with pytest.raises(syrup.MapFull):
            maps.table[1, 32] = 4
        del maps.table[0x0A0100FF, 16]
        with pytest.raises(KeyError):
            del maps.table[0x0A010000, 16]
        assert (maps.table[0x0A01FFFF], sorted(maps.table), len(maps.table)) == (1, [(0, 0), (0x0A000000, 8)], 2)


def test_a_trie_of_records_counts_from_the_first_byte() -> None:
    with live(table(NETWORK, FLOW, 4, MapKind.LPM_TRIE)) as maps:
        maps.table[Network(0b1010_0000), 3] = Flow(1, 2)
        assert (maps.table.get(Network(0b1011_1111)), Network(0b1100_0000) in maps.table) == (Flow(1, 2), False)
        assert list(maps.table.items()) == [((Network(0b1010_0000), 3), Flow(1, 2))]


@pytest.mark.parametrize("entries", [1, 256, 1000])
def test_a_trie_is_read_whole(entries: int) -> None:
    with live(table(BE16, U32, entries, MapKind.LPM_TRIE)) as maps:
        for number in range(entries):
            maps.table[number, 16] = number
        assert {address: value for (address, _), value in maps.table.items()} == {n: n for n in range(entries)}


# -- queues, stacks, Bloom filters -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "order"), [(MapKind.QUEUE, [1, 2]), (MapKind.STACK, [2, 1])])
def test_values_come_out_in_the_order_of_the_kind(kind: MapKind, order: list[int]) -> None:
    with live(MapSpec("jobs", kind, None, FLOW, 2)) as maps:
        assert (maps.jobs.pop(None), maps.jobs.peek(None)) == (None, None)
        with pytest.raises(IndexError):
            maps.jobs.pop()
        maps.jobs.push(Flow(1, 0))
        maps.jobs.push(Flow(2, 0))
        with pytest.raises(syrup.MapFull):
            maps.jobs.push(Flow(3, 0))
        assert [(maps.jobs.peek().address, maps.jobs.pop().address) for _ in order] == [(n, n) for n in order]
        assert maps.jobs.pop(None) is None


def test_a_bloom_filter_knows_what_was_added() -> None:
    with live(MapSpec("seen", MapKind.BLOOM, None, FLOW, 1000)) as maps:
        for number in range(20):
            maps.seen.add(Flow(number, 0))
        assert all(Flow(number, 0) in maps.seen for number in range(20))
        assert sum(Flow(number, 1) in maps.seen for number in range(1000)) < 1000


# -- what policies do with them ----------------------------------------------------------------------------------------

_LOOK_UP = """
    r2 = *(u32 *)(r1 + 0)
    r3 = *(u32 *)(r1 + 4)
    r4 = r2
    r4 += 8
    if r4 > r3 goto none
    r5 = *(u64 *)(r2 + 0)
    *(u64 *)(r10 - 8) = r5
    r1 = map(table) ll
    r2 = r10
    r2 += -8
    call 1
    if r0 == 0 goto none
    r0 = *(u32 *)(r0 + 0)
    exit
none:
    r0 = 0
    exit
"""


def test_a_policy_finds_what_user_space_stored_in_a_trie() -> None:
    with syrup.load(probe(_LOOK_UP, table(BE32, U32, 4, MapKind.LPM_TRIE))) as loaded:
        loaded.maps.table[0x0A000000, 8] = 7
        code = loaded.programs["probe"].fileno()
        for address, found in ((0x0A010203, 7), (0x0B000000, 0)):
            data = (32).to_bytes(4, "little") + address.to_bytes(4, "big")
            assert programs.run(code, data.ljust(64, b"\0"))[0] == found


def test_a_policy_finds_a_record_under_its_key() -> None:
    with syrup.load(probe(_LOOK_UP, table(FLOW, U32))) as loaded:
        loaded.maps.table[Flow(5, 6)] = 9
        code = loaded.programs["probe"].fileno()
        assert programs.run(code, bytes(Flow(5, 6)).ljust(64, b"\0"))[0] == 9  # type: ignore[call-overload]


def test_what_is_for_policies_says_so() -> None:
    ring = MapSpec("events", MapKind.RING_BUF, None, FLOW, 4096)
    with live(array(U64), table(BE32, U64, kind=MapKind.LPM_TRIE), ring) as maps:
        for only_in_policies in (
            lambda: maps.cells.lookup(0),
            lambda: maps.cells.fetch_add(0, 1),
            lambda: maps.cells.compare_swap(0, 0, 1),
            lambda: maps.table.lookup(0),
            lambda: maps.events.emit(Flow(1, 2)),
        ):
            with pytest.raises(TypeError, match="polic"):
                only_in_policies()


# -- of imported policies ----------------------------------------------------------------------------------------------


POLICY = """\
import syrup
from syrup import be16, be32, u32


@syrup.struct
class Flow:
    address: be32
    port: be16


flows = syrup.HashMap(Flow, u32, 8)
events = syrup.RingBuf(Flow, 4096)


@syrup.jit
def seen(pkt: syrup.Packet) -> syrup.Executor:
    events.emit(pkt.payload.read(Flow))
    return flows.get(pkt.payload.read(Flow), 0)
"""


def test_an_imported_policys_live_maps_give_its_own_records(tmp_path: Path) -> None:
    (tmp_path / "seen.py").write_text(POLICY)
    description = spec_from_file_location("seen", tmp_path / "seen.py")
    assert description is not None
    assert description.loader is not None
    module = module_from_spec(description)
    description.loader.exec_module(module)
    syrup.struct(type("Flow", (), {"__annotations__": {"address": be32, "port": be16}}))  # of the same layout, later
    maps = module.seen.maps
    assert [maps.flows.key_class, maps.flows.value_class, maps.events.value_class] == [module.Flow, int, module.Flow]
    maps.flows[module.Flow(1, 2)] = 3
    assert [type(flow) for flow in maps.flows] == [module.Flow]


# -- by name -----------------------------------------------------------------------------------------------------------


def test_maps_are_found_by_attribute_and_by_name() -> None:
    with live(array(U64), table()) as maps:
        assert maps.cells is maps["cells"]
        assert list(maps) == ["cells", "table"]
        with pytest.raises(AttributeError, match="'cell'; declared are: cells, table"):
            maps.cell  # noqa: B018


def test_a_map_named_like_a_method_is_found_by_name() -> None:
    with live(MapSpec("items", MapKind.ARRAY, U32, U64, 1)) as maps:
        maps["items"][0] = 3
        assert dict(maps["items"]) == {0: 3}
        assert [name for name, _ in maps.items()] == ["items"]


def test_a_map_stays_usable_after_its_policy_was_unloaded() -> None:
    with live(table()) as maps:
        kept = maps.table
    kept[1] = 2
    assert dict(kept) == {1: 2}
