"""Which class simulates which map type, and the one function that makes a map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from syrupc.isa.machine import maps
from syrupc.isa.machine.executors import ExecutorMap, PerfEventArray, ProgramArray
from syrupc.isa.machine.lpm import LpmTrie
from syrupc.isa.machine.maps import Shape, SimMap
from syrupc.isa.machine.queues import Bloom, Queue, RingBuffer
from syrupc.isa.machine.tables import Array, Hash, LocalStorage, LruHash

_KINDS: Final[dict[int, Callable[[Shape, int], SimMap]]] = {
    maps.HASH: Hash,
    maps.ARRAY: Array,
    maps.PROG_ARRAY: ProgramArray,
    maps.PERF_EVENT_ARRAY: PerfEventArray,
    maps.PERCPU_HASH: lambda shape, cpus: Hash(shape, cpus, per_cpu=True),
    maps.PERCPU_ARRAY: lambda shape, cpus: Array(shape, cpus, per_cpu=True),
    maps.LRU_HASH: LruHash,
    maps.LRU_PERCPU_HASH: lambda shape, cpus: LruHash(shape, cpus, per_cpu=True),
    maps.LPM_TRIE: LpmTrie,
    maps.DEVMAP: ExecutorMap,
    maps.SOCKMAP: ExecutorMap,
    maps.CPUMAP: ExecutorMap,
    maps.XSKMAP: ExecutorMap,
    maps.CGROUP_STORAGE: LocalStorage,
    maps.REUSEPORT_SOCKARRAY: ExecutorMap,
    maps.PERCPU_CGROUP_STORAGE: lambda shape, cpus: LocalStorage(shape, cpus, per_cpu=True),
    maps.QUEUE: Queue,
    maps.STACK: Queue,
    maps.RINGBUF: RingBuffer,
    maps.BLOOM_FILTER: Bloom,
}

MODELLED: Final = frozenset(_KINDS)
"""The map types that can be made."""


def make_map(shape: Shape, cpus: int = 1) -> SimMap:
    """An empty map. Raises `ValueError` for a type that is not modelled."""
    if shape.type not in _KINDS:
        raise ValueError(f"maps of type {shape.type} are not modelled")
    return _KINDS[shape.type](shape, cpus)
