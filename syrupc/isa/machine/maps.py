"""Simulated maps, shared by programs and by whoever runs them: what all kinds have in common.

A map has two faces. Programs see `find`, `put` and `remove`, which give live values and negative error numbers; users
see `lookup`, `update`, `delete` and `keys`, which deal in bytes and raise `OSError`, as the system calls do. For
per-CPU kinds a user's value is the values of all CPUs one after the other, each padded to eight bytes.
"""

# A kind has no use for some arguments of what all kinds have in common.
# ruff: noqa: ARG002

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from syrupc.isa.machine.memory import Opaque, Region, UnmodelledStepError

# Map types and flags of include/uapi/linux/bpf.h.
HASH: Final = 1
ARRAY: Final = 2
PROG_ARRAY: Final = 3
PERF_EVENT_ARRAY: Final = 4
PERCPU_HASH: Final = 5
PERCPU_ARRAY: Final = 6
LRU_HASH: Final = 9
LRU_PERCPU_HASH: Final = 10
LPM_TRIE: Final = 11
DEVMAP: Final = 14
SOCKMAP: Final = 15
CPUMAP: Final = 16
XSKMAP: Final = 17
SOCKHASH: Final = 18
CGROUP_STORAGE: Final = 19
REUSEPORT_SOCKARRAY: Final = 20
PERCPU_CGROUP_STORAGE: Final = 21
QUEUE: Final = 22
STACK: Final = 23
DEVMAP_HASH: Final = 25
RINGBUF: Final = 27
BLOOM_FILTER: Final = 30

NOEXIST: Final = 1
EXIST: Final = 2
RDONLY_PROG: Final = 1 << 7


@dataclass(frozen=True, slots=True)
class Shape:
    """What a map is created with. Sizes in bytes; `type` and `flags` are the kernel's numbers."""

    type: int
    key_size: int
    value_size: int
    max_entries: int
    flags: int = 0
    name: str = "map"


class SimMap:
    """A map of any kind; a kind supports what it overrides."""

    def __init__(self, shape: Shape, cpus: int = 1) -> None:
        self.shape = shape
        self.cpus = cpus
        self.handle = Opaque(f"map {shape.name}", self)
        """What a program holds when it holds the map."""

    # -- for programs ------------------------------------------------------------------------------------------------

    def find(self, key: bytes, cpu: int) -> Region | None:
        """The live value of `key` as the program on `cpu` sees it."""
        raise self._unsupported("lookup")

    def put(self, key: bytes, value: bytes, flags: int, cpu: int) -> int:
        """Stores; 0 or a negative error number."""
        raise self._unsupported("update")

    def remove(self, key: bytes) -> int:
        """Deletes; 0 or a negative error number."""
        raise self._unsupported("delete")

    def direct_value(self) -> Region | None:
        """The value that a wide load can name, for an array with a single entry."""
        return None

    def entries(self) -> Iterator[tuple[bytes, list[Region]]]:
        """Keys and their values as they are now: one, or one a CPU. Seeing one so is no use of it."""
        raise self._unsupported("iteration")

    # -- for users ---------------------------------------------------------------------------------------------------

    def lookup(self, key: bytes) -> bytes | None:
        """A copy of the value, `None` if there is none. Raises `ValueError` for a key of the wrong size."""
        raise self._unsupported("lookup")

    def update(self, key: bytes, value: bytes, flags: int = 0) -> None:
        """Stores a copy. Raises `OSError` where the kernel refuses, `ValueError` for a wrong size."""
        raise self._unsupported("update")

    def delete(self, key: bytes) -> None:
        """Raises `OSError` if there is no such key or the kind deletes nothing."""
        self.check_key(key)
        check(self.remove(key))

    def keys(self) -> Iterator[bytes]:
        """The keys that have a value."""
        raise self._unsupported("iteration")

    # -- for kinds ---------------------------------------------------------------------------------------------------

    def check_key(self, key: bytes) -> None:
        if len(key) != self.shape.key_size:
            raise ValueError(f"{self.shape.name} has keys of {self.shape.key_size} bytes, not {len(key)}")

    def check_value(self, value: bytes, size: int) -> None:
        if len(value) != size:
            raise ValueError(f"{self.shape.name} has values of {size} bytes, not {len(value)}")

    def new_value(self, value: bytes = b"") -> Region:
        data = bytearray(value or self.shape.value_size)
        return Region(f"a value of {self.shape.name}", data, writable=not self.shape.flags & RDONLY_PROG)

    def _unsupported(self, what: str) -> UnmodelledStepError:
        return UnmodelledStepError(f"{what} in map {self.shape.name} of type {self.shape.type}")


def check(result: int) -> None:
    """Raises the `OSError` of a negative result."""
    if result < 0:
        raise OSError(-result, os.strerror(-result))
