"""Maps in the kernel, used from user space as the mappings and arrays that they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy
import pytest

import syrup
from syrup._sys import maps as kernel
from syrup._sys import objects
from syrup._sys.cpus import possible_cpus
from syrup.maps import Maps, descriptor
from syrupc.spec import BOOL, I8, I16, I32, INT, U8, U16, U32, U64, IntType, MapKind, MapSpec
from tests.kernel.handmade import always, policy

pytestmark = pytest.mark.bpf


@contextmanager
def live(*declared: MapSpec) -> Iterator[Maps]:
    with syrup.load(policy(always(0), maps=declared)) as loaded:
        yield loaded.maps


def array(value: IntType, entries: int = 4) -> MapSpec:
    return MapSpec("cells", MapKind.ARRAY, U32, value, entries)


def table(key: IntType = U32, value: IntType = U64, entries: int = 8) -> MapSpec:
    return MapSpec("table", MapKind.HASH_MAP, key, value, entries)


def through_system_calls(maps: Maps, index: int) -> bytes:
    fd = descriptor(maps.cells).fileno()
    value = kernel.lookup(fd, index.to_bytes(4, "little"), objects.map_info(fd).shape.value_size)
    assert value is not None
    return value


@pytest.mark.parametrize("value", [U8, U16, U32, U64, I8, I16, I32, INT, BOOL], ids=str)
def test_a_store_into_an_array_is_what_the_kernel_reads(value: IntType) -> None:
    with live(array(value)) as maps:
        for number in {0, 1, value.minimum, value.maximum}:
            maps.cells.array[2] = number
            assert through_system_calls(maps, 2) == value.to_bytes(number)
            assert maps.cells[2] == maps.cells.array[2] == number
            maps.cells[3] = number
            assert maps.cells.array[3] == number
        assert list(maps.cells.array[:2]) == [0, 0]


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
