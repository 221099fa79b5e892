"""Maps of values without keys: queues, stacks, and Bloom filters."""

from __future__ import annotations

from typing import Any, Final, overload

from syrupc import spec
from syrupc.lang.local import LocalFilter, LocalQueue
from syrupc.lang.maps import D, Keyless, V
from syrupc.lang.stores import FilterStore, QueueStore

_NONE: Final[Any] = object()


class Ordered(Keyless[V]):
    """What queues and stacks share."""

    LOCAL = LocalQueue

    _store: QueueStore

    def push(self, value: V) -> None:
        """Put a value in. Raises `MapFull` where there is no room."""
        self._store.push(self._value.pack(value))

    @overload
    def pop(self) -> V: ...
    @overload
    def pop(self, default: D) -> V | D: ...
    def pop(self, default: D = _NONE) -> V | D:
        """Take out the next value. Where there is none: `default`, or an `IndexError` if none was given."""
        return self._or_default(self._store.pop(), default)

    @overload
    def peek(self) -> V: ...
    @overload
    def peek(self, default: D) -> V | D: ...
    def peek(self, default: D = _NONE) -> V | D:
        """The value that `pop` would take out, which stays. Where there is none: `default`, or an `IndexError`."""
        return self._or_default(self._store.peek(), default)

    def _or_default(self, value: bytes | None, default: D) -> V | D:
        if value is not None:
            loaded: V = self._load(value)
            return loaded
        if default is _NONE:
            raise IndexError(f"the {self.KIND.value.lower()} is empty")
        return default


class Queue(Ordered[V]):
    """`Queue(u32, 64)`: value type, and how many it can hold. First in, first out."""

    KIND = spec.MapKind.QUEUE


class Stack(Ordered[V]):
    """`Stack(u32, 64)`: value type, and how many it can hold. Last in, first out."""

    KIND = spec.MapKind.STACK


class Bloom(Keyless[V]):
    """`Bloom(be32, 1000)`: value type, and how many it is made for. Values can be added, and none can be taken out.

    `value in bloom` is true for every value that was added. In the kernel it may also be true for others, the more
    often the fuller the filter is; in plain Python it never is.
    """

    KIND = spec.MapKind.BLOOM
    LOCAL = LocalFilter

    _store: FilterStore

    def add(self, value: V) -> None:
        """Let `value in bloom` be true from now on."""
        self._store.add(self._value.pack(value))

    def __contains__(self, value: object) -> bool:
        try:
            packed = self._value.exact(value)
        except TypeError:  # no value of this filter
            return False
        return packed is not None and self._store.contains(packed)
