"""Maps with keys: arrays and hash maps, as mutable mappings."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, MutableMapping, ValuesView
from typing import TYPE_CHECKING, Any, Final, overload

from syrupc import spec
from syrupc.lang.local import LocalArray, LocalTable
from syrupc.lang.maps import K, Map, V
from syrupc.lang.records import kind_of
from syrupc.lang.stored import Cell, Integer, Kind
from syrupc.lang.stores import TableStore, Values

if TYPE_CHECKING:
    import numpy

_ATOMIC_BITS: Final = (32, 64)


class Table(Map, MutableMapping[K, V]):
    """What arrays and hash maps share."""

    LOCAL = LocalTable

    _store: TableStore
    _key: Kind

    def __getitem__(self, key: K) -> V:
        values = self._store.lookup(self._packed(key))
        if values is None:
            raise KeyError(key)
        total: V = self._total(values)
        return total

    def __setitem__(self, key: K, value: V) -> None:
        self._store.update(self._packed(key), self._value.pack(value))

    def __delitem__(self, key: K) -> None:
        if not self._store.delete(self._packed(key)):
            raise KeyError(key)

    def __contains__(self, key: object) -> bool:
        try:
            return self._store.lookup(self._packed(key)) is not None
        except (LookupError, TypeError):  # no key of this map
            return False

    def __iter__(self) -> Iterator[K]:
        return (self._key.load(memoryview(key)) for key, _ in self._store.entries())

    def __len__(self) -> int:
        return sum(1 for _ in self._store.entries())

    @overload  # type: ignore[override]
    def get(self, key: K) -> V | None: ...
    @overload
    def get(self, key: K, default: V) -> V: ...
    def get(self, key: K, default: V | None = None) -> V | None:
        """The value, or `default` where there is no such key. In a policy the default must be given."""
        try:
            return self[key]
        except LookupError:
            return default

    def items(self) -> ItemsView[K, V]:
        """The entries. A policy may add and delete some meanwhile: those may or may not be among them."""
        return _Items(self)

    def values(self) -> ValuesView[V]:
        return _Values(self)

    @overload
    def lookup(self: Table[K, int] | Table[K, bool], key: K) -> Cell | None: ...
    @overload
    def lookup(self, key: K) -> V | None: ...
    def lookup(self, key: K) -> Any:
        """A reference to the value, `None` where there is no such key: one look-up for several accesses.

        The fields of a struct can be set through it, an integer through its `value`. In policies only: from user space
        it raises `TypeError`.
        """
        try:
            cell = self._store.cell(self._packed(key))
        except LookupError:
            return None
        return None if cell is None else self._value.refer(memoryview(cell))

    def fetch_add(self: Table[K, int], key: K, value: int) -> int:
        """Add to the value and return what it was, atomically on shared maps. In policies only.

        On shared maps the value is of 32 or 64 bits, else `TypeError`. Raises `KeyError` or `IndexError` for a missing
        key.
        """
        cell = self._number(key, native=not self.spec.kind.per_cpu)
        old = cell.value
        cell.value = old + value
        return old

    def compare_swap(self: Table[K, int], key: K, old: int, new: int) -> int:
        """Store `new` if the value is `old`, and return what it was; atomic on shared maps.

        In policies only. The value is of 32 or 64 bits, else `TypeError`. Raises `KeyError` or `IndexError` for a
        missing key.
        """
        cell = self._number(key, native=True)
        was = cell.value
        if was == old:
            cell.value = new
        return was

    def _number(self, key: object, *, native: bool) -> Cell:
        """The integer under a key; `native` asks for one that CPUs update atomically."""
        type_ = self.spec.value
        atomic = isinstance(type_, spec.IntType) and type_.bits in _ATOMIC_BITS and not type_.big_endian
        if not isinstance(type_, spec.IntType) or (native and not atomic):
            raise TypeError(f"atomic operations are for integers of 32 and 64 bits, not for {type_}")
        cell = self._store.cell(self._packed(key))
        if cell is None:
            raise KeyError(key)
        return Cell(Integer(type_), memoryview(cell))

    def _packed(self, key: object) -> bytes:
        # A key that its type cannot hold is never present: exact, where wrapping would name another entry.
        packed = self._key.exact(key)
        if packed is None:
            raise KeyError(key)
        return packed

    def _total(self, values: Values) -> Any:
        """The value that a shared map has, which a per-CPU map has in parts."""
        return self._load(values[0])


class _Items(ItemsView[K, V]):
    """Entries of a map that others change while it is read."""

    _mapping: Table[K, V]

    def __iter__(self) -> Iterator[tuple[K, V]]:
        table = self._mapping
        return ((table._key.load(memoryview(key)), table._total(found)) for key, found in table._store.entries())


class _Values(ValuesView[V]):
    _mapping: Table[Any, V]

    def __iter__(self) -> Iterator[V]:
        return (self._mapping._total(found) for _, found in self._mapping._store.entries())


class Indexed(Table[int, V]):
    """Entries 0 … max_entries - 1 all exist, initially zero; none can be deleted."""

    def __init__(self, value: type[V], max_entries: int) -> None:
        self._declare(Integer(spec.U32), kind_of(value), max_entries)

    def __len__(self) -> int:
        return self.spec.max_entries

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.spec.max_entries))

    def __delitem__(self, key: int) -> None:
        raise TypeError("entries of an array cannot be deleted; store 0 instead")

    def clear(self) -> None:
        """Set all entries to zero."""
        for key in self:
            self._store.update(self._packed(key), bytes(self.spec.value.size))

    def _packed(self, key: object) -> bytes:
        packed = self._key.exact(key)
        if packed is None or int.from_bytes(packed, "little") >= self.spec.max_entries:
            raise IndexError(f"{key} of {self.spec.max_entries}")
        return packed


class Hashed(Table[K, V]):
    """Entries come and go, and their number is limited."""

    def __init__(self, key: type[K], value: type[V], max_entries: int) -> None:
        self._declare(kind_of(key), kind_of(value), max_entries)


class PerCpu(Table[K, V]):
    """Every CPU has a value of its own for a key.

    From user space an item reads as the total over the CPUs and is set so that the total is what was stored. A struct
    has no total: `per_cpu` gives the records, and reading an item raises `TypeError` where there are several CPUs.
    """

    def per_cpu(self, key: K) -> tuple[V, ...]:
        """The value on each possible CPU."""
        values = self._store.lookup(self._packed(key))
        if values is None:
            raise KeyError(key)
        return tuple(map(self._load, values))

    def _total(self, values: Values) -> Any:
        if len(values) == 1:
            return self._load(values[0])
        if not isinstance(self._value, Integer):
            raise TypeError(f"there is no total of a {self.spec.value} over the CPUs: `per_cpu(key)` gives them all")
        return self._load(self._value.pack(sum(self._value.load(memoryview(value)) for value in values)))


class Array(Indexed[V]):
    """`Array(u64, 6)`: value type and length. Shared by all CPUs; user space reads and writes it as plain memory."""

    KIND = spec.MapKind.ARRAY
    LOCAL = LocalArray

    @property
    def array(self) -> numpy.ndarray[Any, Any]:
        """The live map's values as a writable NumPy array over the kernel's memory: no system call per access.

        One axis of `max_entries`; for a struct the type is structured, with the struct's fields and byte orders.
        """
        return self._store.array()


class PerCpuArray(Indexed[V], PerCpu[int, V]):
    """`PerCpuArray(u64, 6)`: an array with its own values on every CPU, for counters without contention.

    From user space an item reads as the total over the CPUs and is set so that the total is what was stored; of structs
    `per_cpu(index)` has the values.
    """

    KIND = spec.MapKind.PER_CPU_ARRAY


class HashMap(Hashed[K, V]):
    """`HashMap(u32, u64, 1024)`: key type, value type, and how many entries it can hold.

    A new key in a full map raises `MapFull`.
    """

    KIND = spec.MapKind.HASH_MAP


class LruHashMap(Hashed[K, V]):
    """`LruHashMap(u32, u64, 1024)`: a hash map that forgets what was not used for long when it is full.

    Which entries it forgets is exact in plain Python; the kernel approximates, and may forget some before it is full.
    """

    KIND = spec.MapKind.LRU_HASH_MAP


class PerCpuHashMap(Hashed[K, V], PerCpu[K, V]):
    """`PerCpuHashMap(u32, u64, 1024)`: a hash map with its own values on every CPU.

    From user space an item reads as the total over the CPUs and is set so that the total is what was stored; of structs
    `per_cpu(key)` has the values.
    """

    KIND = spec.MapKind.PER_CPU_HASH_MAP
