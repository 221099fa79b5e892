"""Map types: their numbers, what their sizes must be, and since which release they exist."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from syrupc.spec import MapKind, MapSpec


@dataclass(frozen=True, slots=True)
class MapType:
    """One type. `helpers` names the helper numbers that take such a map; the kernel refuses all others.

    `direct`: its values may be addressed by a wide load. `per_cpu`: each CPU has its own value.
    """

    number: int
    name: str
    since: str
    helpers: frozenset[int]
    direct: bool = False
    per_cpu: bool = False
    inner: bool = False


_DICT: Final = frozenset({1, 2, 3, 164, 195})
_PLAIN: Final = frozenset({1, 2, 3, 164})

_ROWS: Final = (
    MapType(1, "hash", "3.19", _PLAIN),
    MapType(2, "array", "3.19", _PLAIN, direct=True),
    MapType(3, "prog_array", "4.2", frozenset({12})),
    MapType(4, "perf_event_array", "4.3", frozenset({22, 25, 55, 111, 121})),
    MapType(5, "percpu_hash", "4.6", _DICT, per_cpu=True),
    MapType(6, "percpu_array", "4.6", _DICT, per_cpu=True),
    MapType(7, "stack_trace", "4.6", frozenset({27})),
    MapType(8, "cgroup_array", "4.8", frozenset({33, 37})),
    MapType(9, "lru_hash", "4.10", _PLAIN),
    MapType(10, "lru_percpu_hash", "4.10", _DICT, per_cpu=True),
    MapType(11, "lpm_trie", "4.11", frozenset({1, 2, 3})),
    MapType(12, "array_of_maps", "4.12", frozenset({1}), inner=True),
    MapType(13, "hash_of_maps", "4.12", frozenset({1}), inner=True),
    MapType(14, "devmap", "4.14", frozenset({1, 51})),
    MapType(15, "sockmap", "4.14", frozenset({1, 2, 3, 52, 53, 60, 82})),
    MapType(16, "cpumap", "4.15", frozenset({51})),
    MapType(17, "xskmap", "4.18", frozenset({1, 51})),
    MapType(18, "sockhash", "4.18", frozenset({1, 2, 3, 70, 71, 72, 82})),
    MapType(19, "cgroup_storage", "4.19", frozenset({81})),
    MapType(20, "reuseport_sockarray", "4.19", frozenset({82})),
    MapType(21, "percpu_cgroup_storage", "4.20", frozenset({81}), per_cpu=True),
    MapType(22, "queue", "4.20", frozenset({87, 88, 89})),
    MapType(23, "stack", "4.20", frozenset({87, 88, 89})),
    MapType(24, "sk_storage", "5.2", frozenset({107, 108})),
    MapType(25, "devmap_hash", "5.4", frozenset({1, 51})),
    MapType(26, "struct_ops", "5.6", frozenset()),
    MapType(27, "ringbuf", "5.8", frozenset({130, 131, 134, 198})),
    MapType(28, "inode_storage", "5.10", frozenset({145, 146})),
    MapType(29, "task_storage", "5.11", frozenset({156, 157})),
    MapType(30, "bloom_filter", "5.16", frozenset({87, 89})),
    MapType(31, "user_ringbuf", "6.1", frozenset({209})),
    MapType(32, "cgrp_storage", "6.2", frozenset({210, 211})),
    MapType(33, "arena", "6.9", frozenset()),
    MapType(34, "insn_array", "6.19", frozenset()),
)

MAP_TYPES: Final = {row.number: row for row in _ROWS}
"""Map types by number (`include/uapi/linux/bpf.h`)."""

BY_NAME: Final = {row.name: row for row in _ROWS}

OF_KIND: Final = {
    MapKind.ARRAY: BY_NAME["array"],
    MapKind.PER_CPU_ARRAY: BY_NAME["percpu_array"],
    MapKind.HASH_MAP: BY_NAME["hash"],
    MapKind.LRU_HASH_MAP: BY_NAME["lru_hash"],
    MapKind.PER_CPU_HASH_MAP: BY_NAME["percpu_hash"],
    MapKind.LPM_TRIE: BY_NAME["lpm_trie"],
    MapKind.QUEUE: BY_NAME["queue"],
    MapKind.STACK: BY_NAME["stack"],
    MapKind.RING_BUF: BY_NAME["ringbuf"],
    MapKind.BLOOM: BY_NAME["bloom_filter"],
}
"""What each map class of the language is in the kernel."""

_PREFIX_LENGTH: Final = 4
"""Bytes of the prefix length before the address in a trie's key (`struct bpf_lpm_trie_key`)."""


_SMALL: Final = 1 << 16
"""Bytes up to which an array is small. Linux 5.15 takes values of at most 4 MB (`KMALLOC_MAX_SIZE`)."""


def is_whole(declared: MapSpec) -> bool:
    """Whether the kernel has a declared map as one value, which holds all entries one behind the other.

    So it has small arrays: programs then reach an entry by its address, without a look-up.
    """
    return declared.kind is MapKind.ARRAY and declared.value.size * declared.max_entries <= _SMALL


def shape(declared: MapSpec) -> tuple[int, int, int]:
    """The sizes of a declared map's keys and values in bytes and the number of its entries, as the kernel has them."""
    if declared.key is None:
        return 0, 0 if declared.kind is MapKind.RING_BUF else declared.value.size, declared.max_entries
    if is_whole(declared):
        return declared.key.size, declared.value.size * declared.max_entries, 1
    prefix = _PREFIX_LENGTH if declared.kind is MapKind.LPM_TRIE else 0
    return prefix + declared.key.size, declared.value.size, declared.max_entries


SOCKET_MAPS: Final = frozenset({15, 18})
"""Maps that hold sockets (sockmap, sockhash): a look-up borrows one, an update takes one."""

SOCKET_MAP_WRITERS: Final = frozenset(
    {"socket_filter", "sched_cls", "sched_act", "xdp", "sk_reuseport", "sk_lookup", "flow_dissector"}
)
"""Program types that may update such a map or delete from it (`may_update_sockmap` in the kernel)."""

RDONLY_PROG: Final = 1 << 7
WRONLY_PROG: Final = 1 << 8
"""Flags that take one direction of access from programs (5.2)."""
