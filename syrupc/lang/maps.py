"""Maps: one class each, used to declare a map in a policy file, inside the policy, and from user space.

A map is a view of a *store* of bytes. A declared map keeps its contents in this process, so that a policy can be called
as plain Python; a live map (`policy.maps.serving`) is the same class over the kernel's.
"""

from __future__ import annotations

import operator
from typing import Any, ClassVar, Generic, Self, TypeVar

from syrupc.lang.records import class_of, kind_from, kind_of
from syrupc.lang.stored import Kind
from syrupc.spec import MapKind, MapSpec

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")

_LARGEST = (1 << 32) - 1


class Map:
    """What all maps share. `spec` is the declaration; its name stays empty until a policy file gives one."""

    KIND: ClassVar[MapKind]
    LOCAL: ClassVar[type[Any]]
    """What makes the store of a declared map."""

    spec: MapSpec
    _store: Any
    _key: Kind | None
    _value: Kind

    def _declare(self, key: Kind | None, value: Kind, max_entries: int) -> None:
        """Become the map of a declaration, with contents in this process."""
        self.spec = MapSpec("", self.KIND, key.type if key else None, value.type, _count(max_entries))
        self._key, self._value = key, value
        self._store = self.LOCAL(self.spec)

    @classmethod
    def over(cls, declared: MapSpec, store: object) -> Self:
        """The map of a declaration over a store that fits its kind."""
        found = object.__new__(cls)
        found.spec, found._store = declared, store
        found._key = kind_from(declared.key) if declared.key else None
        found._value = kind_from(declared.value)
        return found

    @property
    def key_class(self) -> type[Any] | None:
        """The class of the keys: of records, or `int`; `None` of kinds without keys."""
        return class_of(self._key) if self._key else None

    @property
    def value_class(self) -> type[Any]:
        """The class of the values or events: of records, or `int`."""
        return class_of(self._value)

    def use_classes_of(self, declared: Map) -> None:
        """Give records of the classes that a declaration names, if it is the declaration of this map."""
        if (declared.spec.key, declared.spec.value) == (self.spec.key, self.spec.value):
            self._key, self._value = declared._key, declared._value

    def __repr__(self) -> str:
        declared = self.spec
        types = f"{declared.key} -> {declared.value}" if declared.key else str(declared.value)
        unit = "bytes" if declared.kind is MapKind.RING_BUF else "entries"
        return f"<{declared.kind.value} {declared.name or 'unnamed'}: {types}, {declared.max_entries} {unit}>"

    def _load(self, value: bytes) -> Any:
        return self._value.load(memoryview(value))


class Keyless(Map, Generic[V]):
    """What the kinds without keys share."""

    def __init__(self, value: type[V], max_entries: int) -> None:
        self._declare(None, kind_of(value), max_entries)


def _count(max_entries: int) -> int:
    count = operator.index(max_entries)
    if count < 1:
        raise ValueError("a map needs at least one entry")
    if count > _LARGEST:
        raise ValueError(f"{count} entries, and a map has at most {_LARGEST}")
    return count
