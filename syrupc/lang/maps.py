"""Maps: one class each, used to declare a map in a policy file, inside the policy, and from user space.

A map is a `MutableMapping` of integers over a *store* of bytes. A declared map keeps its entries in this process, so
that a policy can be called as plain Python; a live map (`policy.maps.serving`) is the same class over the kernel's.
"""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, MutableMapping, ValuesView
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, overload

from syrupc import spec
from syrupc.lang.local import LocalStore
from syrupc.lang.scalars import int_type

if TYPE_CHECKING:
    import numpy


class Store(Protocol):
    """Where a map's entries live. Keys and values are bytes of the declared sizes, little-endian."""

    def lookup(self, key: bytes) -> bytes | None: ...

    def update(self, key: bytes, value: bytes) -> None:
        """Insert or replace; raises `MapFull`. The caller has checked that an index is in range."""

    def delete(self, key: bytes) -> bool:
        """Whether there was such a key."""

    def keys(self) -> Iterator[bytes]: ...

    def per_cpu(self, key: bytes) -> tuple[bytes, ...] | None:
        """A per-CPU kind's value on each possible CPU."""

    def array(self) -> numpy.ndarray[Any, Any]:
        """An indexed, shared kind's values as a writable array over the live memory."""


class Map(MutableMapping[int, int]):
    """What all maps share. `spec` is the declaration; `name` stays empty until a policy file gives one."""

    KIND: ClassVar[spec.MapKind]

    def __init__(self, key: spec.IntType, value: spec.IntType, max_entries: int) -> None:
        if max_entries < 1:
            raise ValueError("a map needs at least one entry")
        self.spec = spec.MapSpec("", self.KIND, key, value, max_entries)
        self._store: Store = LocalStore(self.spec)

    @classmethod
    def over(cls, declared: spec.MapSpec, store: Store) -> Map:
        """The live map of a declaration."""
        live = object.__new__(cls)
        live.spec, live._store = declared, store
        return live

    def __getitem__(self, key: int) -> int:
        value = self._store.lookup(self._key(key))
        if value is None:
            raise KeyError(key)
        return self.spec.value.from_bytes(value)

    def __setitem__(self, key: int, value: int) -> None:
        self._store.update(self._key(key), self.spec.value.to_bytes(value))

    def __delitem__(self, key: int) -> None:
        if not self._store.delete(self._key(key)):
            raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, int) and self.spec.key.holds(key) and self._store.lookup(self._key(key)) is not None

    def __iter__(self) -> Iterator[int]:
        return map(self.spec.key.from_bytes, self._store.keys())

    def __len__(self) -> int:
        return sum(1 for _ in self._store.keys())  # noqa: SIM118 -- a store is not a mapping

    @overload  # type: ignore[override]
    def get(self, key: int) -> int | None: ...
    @overload
    def get(self, key: int, default: int) -> int: ...
    def get(self, key: int, default: int | None = None) -> int | None:
        """The value, or `default` where there is no such key. In a policy the default must be given."""
        return self[key] if key in self else default  # noqa: SIM401 -- this is get

    def items(self) -> ItemsView[int, int]:
        """The entries. A policy may delete entries meanwhile: those are left out."""
        return _LiveItems(self)

    def values(self) -> ValuesView[int]:
        """The values of the entries, with the same proviso."""
        return _LiveValues(self)

    def fetch_add(self, key: int, value: int) -> int:
        """Add to the value and return what it was: atomic in a policy on shared maps. A missing key raises."""
        old = self[key]
        self[key] = old + value
        return old

    def __repr__(self) -> str:
        declared = self.spec
        types = f"{declared.key} -> {declared.value}"
        return f"<{declared.kind.value} {declared.name or 'unnamed'}: {types}, {declared.max_entries} entries>"

    def _key(self, key: int) -> bytes:
        # A key that its type cannot hold is never present: exact, where wrapping would name another entry.
        if not self.spec.key.holds(key):
            raise KeyError(key)
        return self.spec.key.to_bytes(key)


class _LiveItems(ItemsView[int, int]):
    """Entries of a map that others change while it is read."""

    _mapping: Map

    def __iter__(self) -> Iterator[tuple[int, int]]:
        for key in self._mapping:
            with suppress(KeyError):
                yield key, self._mapping[key]


class _LiveValues(ValuesView[int]):
    _mapping: Map

    def __iter__(self) -> Iterator[int]:
        return (value for _, value in self._mapping.items())


class _Indexed(Map):
    """Entries 0 … max_entries - 1 all exist, initially zero; none can be deleted."""

    def __init__(self, value: type[int], max_entries: int) -> None:
        super().__init__(spec.U32, int_type(value), max_entries)

    def __len__(self) -> int:
        return self.spec.max_entries

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.spec.max_entries))

    def __delitem__(self, key: int) -> None:
        raise TypeError("entries of an array cannot be deleted; store 0 instead")

    def clear(self) -> None:
        """Set all entries to zero."""
        for key in self:
            self._store.update(self._key(key), bytes(self.spec.value.size))

    def _key(self, key: int) -> bytes:
        if not 0 <= key < self.spec.max_entries:
            raise IndexError(f"{key} of {self.spec.max_entries}")
        return self.spec.key.to_bytes(key)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, int) and 0 <= key < self.spec.max_entries


class Array(_Indexed):
    """`Array(u64, 6)`: an array of integers shared by all CPUs; user space reads and writes it as plain memory."""

    KIND = spec.MapKind.ARRAY

    @property
    def array(self) -> numpy.ndarray[Any, Any]:
        """The live map's values as a writable NumPy array over the kernel's memory: no system call per access."""
        return self._store.array()


class PerCpuArray(_Indexed):
    """`PerCpuArray(u64, 6)`: an array with its own values on every CPU, for counters without contention.

    From user space an item reads as the total over the CPUs and is set so that the total is what was stored.
    """

    KIND = spec.MapKind.PER_CPU_ARRAY

    def __getitem__(self, key: int) -> int:
        return self.spec.value.wrap(sum(self.per_cpu(key)))

    def per_cpu(self, key: int) -> tuple[int, ...]:
        """The value on each possible CPU."""
        values = self._store.per_cpu(self._key(key))
        if values is None:
            raise KeyError(key)
        return tuple(map(self.spec.value.from_bytes, values))


class HashMap(Map):
    """`HashMap(u32, u64, 1024)`: key type, value type, and how many entries it can hold."""

    KIND = spec.MapKind.HASH_MAP

    def __init__(self, key: type[int], value: type[int], max_entries: int) -> None:
        super().__init__(int_type(key), int_type(value), max_entries)


MAP_CLASSES = {cls.KIND: cls for cls in (Array, PerCpuArray, HashMap)}
"""The class of each kind."""
