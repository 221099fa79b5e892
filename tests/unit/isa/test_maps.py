"""Simulated maps, as user space and as programs see them."""

from __future__ import annotations

from collections.abc import Callable
from errno import E2BIG, EEXIST, EINVAL, ENOENT, ENOSPC

import pytest

from syrupc.isa.machine import (
    ExecutorMap,
    MachineError,
    RingBuffer,
    Shape,
    SimMap,
    UnmodelledError,
    World,
    make_map,
    maps,
)
from syrupc.isa.machine.kinds import MODELLED
from tests.unit.isa.runs import returned, run, stack


def key(number: int) -> bytes:
    return number.to_bytes(4, "little")


def value(number: int) -> bytes:
    return number.to_bytes(8, "little")


def made(
    type: int, entries: int = 3, cpus: int = 1, *, key_size: int = 4, value_size: int = 8, flags: int = 0
) -> SimMap:
    return make_map(Shape(type, key_size, value_size, entries, flags), cpus)


def errno_of(action: Callable[[], object]) -> int:
    """The number of the error that the action ends with, 0 for none."""
    try:
        action()
    except OSError as error:
        return error.errno or -1
    return 0


# -- for users -------------------------------------------------------------------------------------------------------


def test_an_array_has_all_its_entries_from_the_start() -> None:
    array = made(maps.ARRAY)
    assert [array.lookup(k) for k in list(array.keys())] == [value(0)] * 3
    array.update(key(2), value(7))
    assert array.lookup(key(2)) == value(7)
    assert array.lookup(key(3)) is None


@pytest.mark.parametrize(
    ("action", "number"),
    [
        (lambda array: array.update(key(3), value(0)), E2BIG),
        (lambda array: array.update(key(0), value(0), maps.NOEXIST), EEXIST),
        (lambda array: array.update(key(0), value(0), 8), EINVAL),
        (lambda array: array.delete(key(0)), EINVAL),
    ],
)
def test_an_array_refuses(action: Callable[[SimMap], None], number: int) -> None:
    assert errno_of(lambda: action(made(maps.ARRAY))) == number


@pytest.mark.parametrize("type", [maps.HASH, maps.LRU_HASH])
def test_a_hash_table_has_what_was_put_in(type: int) -> None:
    table = made(type)
    assert (table.lookup(key(1)), list(table.keys())) == (None, [])
    table.update(key(1), value(5))
    table.update(key(1), value(6), maps.EXIST)
    assert (table.lookup(key(1)), list(table.keys())) == (value(6), [key(1)])
    table.delete(key(1))
    assert table.lookup(key(1)) is None


@pytest.mark.parametrize(
    ("action", "number"),
    [
        (lambda table: table.update(key(9), value(0)), E2BIG),
        (lambda table: table.update(key(0), value(0), maps.NOEXIST), EEXIST),
        (lambda table: table.update(key(9), value(0), maps.EXIST), ENOENT),
        (lambda table: table.update(key(0), value(0), 3), EINVAL),
        (lambda table: table.delete(key(9)), ENOENT),
    ],
)
def test_a_full_hash_table_refuses(action: Callable[[SimMap], None], number: int) -> None:
    table = made(maps.HASH)
    for each in range(3):
        table.update(key(each), value(each))
    assert errno_of(lambda: action(table)) == number
    assert len(list(table.keys())) == 3


def test_an_lru_table_forgets_what_was_used_longest_ago() -> None:
    table = made(maps.LRU_HASH)
    for each in range(3):
        table.update(key(each), value(each))
    assert table.lookup(key(0)) == value(0)
    table.update(key(7), value(7))
    assert set(table.keys()) == {key(0), key(2), key(7)}


@pytest.mark.parametrize("type", [maps.PERCPU_ARRAY, maps.PERCPU_HASH, maps.LRU_PERCPU_HASH])
def test_a_per_cpu_value_is_the_values_of_all_cpus_padded(type: int) -> None:
    table = made(type, cpus=2, value_size=4)
    both = b"\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0"
    table.update(key(1), both)
    assert table.lookup(key(1)) == both
    found = [table.find(key(1), cpu) for cpu in (0, 1)]
    assert [bytes(region.data) for region in found if region] == [b"\1\0\0\0", b"\2\0\0\0"]


@pytest.mark.parametrize("type", [maps.ARRAY, maps.HASH, maps.LPM_TRIE, maps.REUSEPORT_SOCKARRAY])
def test_keys_and_values_have_their_size(type: int) -> None:
    table = made(type, key_size=8 if type == maps.LPM_TRIE else 4)
    with pytest.raises(ValueError, match=r"keys of \d bytes, not 3"):
        table.lookup(bytes(3))
    with pytest.raises(ValueError, match=r"keys of \d bytes, not 3"):
        table.delete(bytes(3))
    with pytest.raises(ValueError, match="values of 8 bytes, not 4"):
        table.update(bytes(table.shape.key_size), bytes(4))


def prefix(length: int, address: str) -> bytes:
    return key(length) + bytes(map(int, address.split(".")))


def test_a_trie_finds_the_longest_prefix() -> None:
    trie = made(maps.LPM_TRIE, key_size=8)
    trie.update(prefix(8, "10.9.9.9"), value(1))
    trie.update(prefix(16, "10.1.0.0"), value(2))
    found = {a: trie.lookup(prefix(32, a)) for a in ("10.1.2.3", "10.2.2.2", "11.0.0.0")}
    assert found == {"10.1.2.3": value(2), "10.2.2.2": value(1), "11.0.0.0": None}
    assert set(trie.keys()) == {prefix(8, "10.0.0.0"), prefix(16, "10.1.0.0")}
    trie.delete(prefix(16, "10.1.7.7"))
    assert trie.lookup(prefix(32, "10.1.2.3")) == value(1)


def test_a_full_trie_refuses() -> None:
    trie = made(maps.LPM_TRIE, 1, key_size=8)
    trie.update(prefix(8, "10.0.0.0"), value(1))
    assert errno_of(lambda: trie.update(prefix(9, "10.0.0.0"), value(1))) == ENOSPC


@pytest.mark.parametrize(("type", "order"), [(maps.QUEUE, [1, 2]), (maps.STACK, [2, 1])])
def test_queues_and_stacks_from_user_space(type: int, order: list[int]) -> None:
    queue = made(type, key_size=0)
    for each in (1, 2):
        queue.update(b"", value(each))
    assert queue.lookup(b"") == value(order[0])
    text = stack({-8: 0}) + "\nr1 = map(0) ll\nr2 = r10\nr2 += -8\ncall 88\nr0 = *(u64 *)(r10 - 8)\nexit"
    assert [returned(text, queue) for _ in range(3)] == [*order, 0]


def test_a_ring_buffer_gives_what_was_submitted_in_order() -> None:
    ring = made(maps.RINGBUF, 4096, key_size=0, value_size=0)
    assert isinstance(ring, RingBuffer)
    text = """
        r1 = map(0) ll
        r2 = 8
        r3 = 0
        call 131
        if r0 == 0 goto none
        r6 = r0
        r1 = 5
        *(u64 *)(r6 + 0) = r1
        r1 = r6
        r2 = 0
        call {finish}
        r0 = 0
        exit
    none:
        r0 = 1
        exit
    """
    for finish in (132, 133, 132):
        assert returned(text.format(finish=finish), ring) == 0
    assert ring.consume() == [value(5), value(5)]
    assert (ring.consume(), ring.produced - ring.consumed) == ([], 0)


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("r0 = 0\nexit", "a ring buffer record is neither submitted nor discarded"),
        ("r1 = r6\nr2 = 0\ncall 132\nr1 = r6\nr2 = 0\ncall 132\nr0 = 0\nexit", "not a reserved record"),
        ("r1 = r6\nr2 = 0\ncall 132\n*(u8 *)(r6 + 0) = 1\nr0 = 0\nexit", "a record of map .given back."),
        ("*(u64 *)(r6 + 4) = 1\nr0 = 0\nexit", "store of 8 bytes at offset 4 of a record of map, which has 8"),
    ],
)
def test_a_record_is_given_back_once_and_not_used_afterwards(end: str, reason: str) -> None:
    ring = made(maps.RINGBUF, 4096, key_size=0, value_size=0)
    with pytest.raises(MachineError, match=reason):
        run(f"r1 = map(0) ll\nr2 = 8\nr3 = 0\ncall 131\nr6 = r0\n{end}", ring)


def test_executors_live_and_die() -> None:
    sockets = made(maps.REUSEPORT_SOCKARRAY, 4)
    assert isinstance(sockets, ExecutorMap)
    sockets.fill(range(3))
    sockets.delete(key(1))
    assert (sockets.live, list(sockets.keys())) == ({0, 2}, [key(0), key(2)])
    sockets.update(key(3), value(9))
    assert sockets.lookup(key(3)) == value(9)
    assert errno_of(lambda: sockets.fill([4])) == E2BIG
    assert errno_of(lambda: sockets.update(key(4), value(0))) == E2BIG
    assert errno_of(lambda: sockets.delete(key(1))) == ENOENT


def test_a_type_that_is_not_modelled_cannot_be_made() -> None:
    assert 12 not in MODELLED  # ARRAY_OF_MAPS
    with pytest.raises(ValueError, match="maps of type 12 are not modelled"):
        made(12)


@pytest.mark.parametrize("type", sorted(MODELLED))
def test_every_modelled_type_can_be_made(type: int) -> None:
    assert made(type, key_size=8).shape.type == type


# -- for programs ------------------------------------------------------------------------------------------------------

LOOKUP = stack({-8: 1}) + "\nr1 = map(0) ll\nr2 = r10\nr2 += -8\ncall 1\nif r0 == 0 goto out\n{}\nout:\nexit"


def test_a_program_reads_and_writes_values_in_place() -> None:
    table = made(maps.HASH)
    assert returned(LOOKUP.format("r0 = 1"), table) == 0
    table.update(key(1), value(40))
    assert returned(LOOKUP.format("r1 = 2\nlock *(u64 *)(r0 + 0) += r1\nr0 = 5"), table) == 5
    assert table.lookup(key(1)) == value(42)


@pytest.mark.parametrize("type", [maps.ARRAY, maps.HASH])
def test_a_value_ends_where_the_next_begins(type: int) -> None:
    table = made(type)
    for each in range(3):
        table.update(key(each), value(0))
    with pytest.raises(MachineError, match="load of 1 bytes at offset 8 of a value of map, which has 8"):
        run(LOOKUP.format("r0 = *(u8 *)(r0 + 8)"), table)


def test_a_read_only_value_is_not_written() -> None:
    table = made(maps.ARRAY, flags=maps.RDONLY_PROG)
    table.update(key(1), value(3))
    assert returned(LOOKUP.format("r0 = *(u64 *)(r0 + 0)"), table) == 3
    with pytest.raises(MachineError, match="store to a value of map, which is read-only"):
        run(LOOKUP.format("*(u8 *)(r0 + 0) = 0"), table)


def test_a_pointer_to_a_replaced_value_keeps_the_old_one() -> None:
    table = made(maps.HASH)
    table.update(key(1), value(3))
    replace = stack({-16: 9}) + "\nr1 = map(0) ll\nr2 = r10\nr2 += -8\nr3 = r10\nr3 += -16\nr4 = 0\ncall 2\n"
    assert returned(LOOKUP.format(f"r6 = r0\n{replace}r0 = *(u64 *)(r6 + 0)"), table) == 3
    assert table.lookup(key(1)) == value(9)


def test_each_cpu_has_its_own_value() -> None:
    table = made(maps.PERCPU_ARRAY, cpus=2)
    for cpu in (0, 1, 1):
        run(LOOKUP.format("r1 = 1\nlock *(u64 *)(r0 + 0) += r1"), table, world=World([], [], [cpu]))
    assert table.lookup(key(1)) == value(1) + value(2)
    with pytest.raises(UnmodelledError, match="CPU 2 with a map that was made for 2"):
        run(LOOKUP.format("r0 = 1"), table, world=World([], [], [2]))
    other = (
        stack({-8: 1})
        + "\nr1 = map(0) ll\nr2 = r10\nr2 += -8\nr3 = {}\ncall 195\nif r0 == 0 goto +1\nr0 = *(u64 *)(r0 + 0)\nexit"
    )
    assert [returned(other.format(cpu), table) for cpu in (0, 1, 2)] == [1, 2, 0]


@pytest.mark.parametrize(
    ("helper", "type"),
    [(87, maps.ARRAY), (88, maps.HASH), (89, maps.ARRAY), (130, maps.ARRAY), (81, maps.ARRAY), (2, maps.RINGBUF)],
)
def test_a_helper_on_the_wrong_kind_of_map_is_an_error(helper: int, type: int) -> None:
    table = made(type, 4096)
    arguments = "\n".join(f"r{register} = r10\nr{register} += -8" for register in (2, 3)) + "\nr4 = 0\n"
    with pytest.raises(MachineError, match=f"(on|in) map map of type {type}"):
        run(f"*(u64 *)(r10 - 8) = 0\nr1 = map(0) ll\n{arguments}call {helper}\nexit", table)


def test_a_live_executor_is_not_memory() -> None:
    queues = made(maps.XSKMAP, 4)
    assert returned(LOOKUP.format("r0 = 1"), queues) == 0
    queues.update(key(1), value(0))
    with pytest.raises(UnmodelledError, match="lookup of a live executor"):
        run(LOOKUP.format("r0 = 1"), queues)


def test_attachment_storage_is_one_zeroed_value() -> None:
    storage = made(maps.CGROUP_STORAGE, 0, key_size=16)
    text = "r1 = map(0) ll\nr2 = 0\ncall 81\nr1 = *(u64 *)(r0 + 0)\nr1 += 1\n*(u64 *)(r0 + 0) = r1\nr0 = r1\nexit"
    assert [returned(text, storage) for _ in range(2)] == [1, 2]
