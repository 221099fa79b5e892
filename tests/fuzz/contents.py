"""What maps hold, as bytes and as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from syrupc.lang.stores import prefix
from syrupc.spec import MapKind, MapSpec
from tests.fuzz import wholes
from tests.fuzz.file import MANY
from tests.fuzz.layouts import pack, unpack

_LENGTH: Final = 4
"""Bytes of the number of bits that count, before the address in the key of a trie."""


def pack_key(declared: MapSpec, key: Any) -> bytes:
    """A key; that of a trie is an address and how many bits of it count."""
    assert declared.key is not None
    if declared.kind is MapKind.LPM_TRIE:
        address, length = key
        return prefix(pack(declared.key, address), length)
    return pack(declared.key, key)


def unpack_entries(declared: MapSpec, stored: Iterable[tuple[bytes, bytes]]) -> Mapping[Any, Any]:
    """The entries of a map with keys."""
    entries = wholes.entries(declared, stored)
    if declared.kind.indexed and declared.max_entries >= MANY:
        entries = ((key, value) for key, value in entries if any(value))
    return {_unpack_key(declared, key): unpack(declared.value, value) for key, value in entries}


def unpack_all(declared: MapSpec, values: Iterable[bytes]) -> tuple[Any, ...]:
    """Values without keys, in their order."""
    return tuple(unpack(declared.value, value) for value in values)


def _unpack_key(declared: MapSpec, key: bytes) -> Any:
    assert declared.key is not None
    if declared.kind is MapKind.LPM_TRIE:
        return unpack(declared.key, key[_LENGTH:]), int.from_bytes(key[:_LENGTH], "little")
    return unpack(declared.key, key)
