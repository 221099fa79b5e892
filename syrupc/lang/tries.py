"""The longest-prefix-match trie: routes, and whatever else is decided by the first bits of an address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Generic, overload

from syrupc import spec
from syrupc.lang.local import LocalTable
from syrupc.lang.maps import D, K, Map, V
from syrupc.lang.records import data_mask, kind_of
from syrupc.lang.stored import Cell, Kind
from syrupc.lang.stores import TableStore, prefix

_LENGTH: Final = 4
_LARGEST_ADDRESS: Final = 256
"""Bytes (LPM_DATA_SIZE_MAX, kernel/bpf/lpm_trie.c, since 4.11)."""


class LpmTrie(Map, Generic[K, V]):
    """`LpmTrie(be32, u64, 1024)`: address type, value type, and how many prefixes it can hold.

    `trie[address]`, `get`, `lookup` and `in` find the longest prefix that the address begins with. From user space
    entries are set, deleted and listed under `(address, length)`: the first `length` bits of the address, in network
    order. Addresses are `u8`, `be16`, `be32`, `be64`, or structs of such and of `Elements[u8]`.
    """

    KIND = spec.MapKind.LPM_TRIE
    LOCAL = LocalTable

    _store: TableStore
    _key: Kind

    def __init__(self, key: type[K], value: type[V], max_entries: int) -> None:
        address = kind_of(key)
        _require_address(address.type)
        self._declare(address, kind_of(value), max_entries)

    @property
    def bits(self) -> int:
        """The length of a whole address."""
        return 8 * self._key.type.size

    def __getitem__(self, address: K) -> V:
        values = self._store.lookup(self._whole(address))
        if values is None:
            raise KeyError(address)
        value: V = self._load(values[0])
        return value

    def __setitem__(self, entry: tuple[K, int], value: V) -> None:
        self._store.update(self._entry(entry), self._value.pack(value))

    def __delitem__(self, entry: tuple[K, int]) -> None:
        if not self._store.delete(self._entry(entry)):
            raise KeyError(entry)

    def __contains__(self, address: object) -> bool:
        try:
            return self._store.lookup(self._whole(address)) is not None
        except (KeyError, TypeError):  # no address of this map
            return False

    def __iter__(self) -> Iterator[tuple[K, int]]:
        return (entry for entry, _ in self.items())

    def __len__(self) -> int:
        return sum(1 for _ in self._store.entries())

    @overload
    def get(self, address: K) -> V | None: ...
    @overload
    def get(self, address: K, default: D) -> V | D: ...
    def get(self, address: K, default: D | None = None) -> V | D | None:
        """The value of the longest prefix, or `default` where none fits. In a policy the default must be given."""
        try:
            return self[address]
        except KeyError:
            return default

    def items(self) -> Iterator[tuple[tuple[K, int], V]]:
        """The entries: `((address, length), value)`, where the address has no bits beyond the length."""
        return ((self._split(key), self._load(values[0])) for key, values in self._store.entries())

    @overload
    def lookup(self: LpmTrie[K, int] | LpmTrie[K, bool], address: K) -> Cell | None: ...
    @overload
    def lookup(self, address: K) -> V | None: ...
    def lookup(self, address: K) -> Any:
        """A reference to the value of the longest prefix, `None` where none fits. In policies only."""
        try:
            cell = self._store.cell(self._whole(address))
        except KeyError:
            return None
        return None if cell is None else self._value.refer(memoryview(cell))

    def _whole(self, address: object) -> bytes:
        return prefix(self._address(address), self.bits)

    def _entry(self, entry: object) -> bytes:
        if not (isinstance(entry, tuple) and len(entry) == 2 and isinstance(entry[1], int)):
            raise TypeError(f"an entry of a trie is `(address, length)`, not {entry!r}")
        address, length = entry
        if not 0 <= length <= self.bits:
            raise ValueError(f"a prefix has 0 to {self.bits} bits here, not {length}")
        return prefix(self._address(address), length)

    def _address(self, address: object) -> bytes:
        packed = self._key.exact(address)
        if packed is None:
            raise KeyError(address)
        return packed

    def _split(self, key: bytes) -> tuple[K, int]:
        length = int.from_bytes(key[:_LENGTH], "little")
        return self._key.load(memoryview(prefix(key[_LENGTH:], length)[_LENGTH:])), length


def _require_address(type_: spec.StoredType) -> None:
    """Raise for a type whose bits do not lie in the order of the network."""
    wrong = _out_of_order(type_)
    if wrong is not None:
        raise TypeError(
            f"{wrong} does not lie in network order, as the address of a trie must: use u8, be16, be32, be64"
        )
    if not all(data_mask(type_)):
        raise TypeError(f"{type_} has padding, which would count as bits of the address")
    if type_.size > _LARGEST_ADDRESS:
        raise ValueError(f"{type_} has {type_.size} bytes, and an address has at most {_LARGEST_ADDRESS}")


def _out_of_order(type_: spec.StoredType) -> spec.IntType | None:
    match type_:
        case spec.IntType():
            return None if type_.big_endian or type_ == spec.U8 else type_
        case spec.ArrayType():
            return _out_of_order(type_.element)
        case spec.StructType():
            return next((wrong for field in type_.fields if (wrong := _out_of_order(field.type))), None)
