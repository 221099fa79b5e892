"""How values of the language lie in memory: integers to bytes and back, and a reference to one that stays there."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any, Protocol

from syrupc.spec import IntType, StoredType


class Kind(Protocol):
    """A storage type with the Python values that it stands for."""

    @property
    def type(self) -> StoredType: ...

    def load(self, memory: memoryview) -> Any:
        """The value in that memory, which has the type's size."""

    def refer(self, memory: memoryview) -> Any:
        """What reads and writes the value in that memory."""

    def pack(self, value: object) -> bytes:
        """The bytes of a value; integers wrap to their width. Raises `TypeError` for a value of another type."""

    def exact(self, value: object) -> bytes | None:
        """The bytes of a value that must not wrap, as keys do not: `None` where the type does not hold it."""


class Cell:
    """An integer in a map, as `lookup` gives it: reading and setting `value` goes to the map."""

    __slots__ = ("_kind", "_memory")

    def __init__(self, kind: Integer, memory: memoryview) -> None:
        self._kind = kind
        self._memory = memory

    @property
    def value(self) -> int:
        """The integer as it is now; setting it wraps to the map's width."""
        return self._kind.load(self._memory)

    @value.setter
    def value(self, value: int) -> None:
        self._memory[:] = self._kind.pack(value)

    def __repr__(self) -> str:
        return f"<reference to {self.value}>"


@dataclass(frozen=True, slots=True)
class Integer:
    """The kind of an integer type. A `bool` reads as one."""

    type: IntType

    def load(self, memory: memoryview) -> int:
        value = self.type.from_bytes(bytes(memory))
        return bool(value) if self.type.bits == 1 else value

    def refer(self, memory: memoryview) -> Cell:
        return Cell(self, memory)

    def pack(self, value: object) -> bytes:
        return self.type.to_bytes(_integer(value))

    def exact(self, value: object) -> bytes | None:
        number = _integer(value)
        return self.type.to_bytes(number) if self.type.holds(number) else None


def _integer(value: Any) -> int:
    try:
        return operator.index(value)  # asking first whether it can would cost ten times as much
    except TypeError:
        raise TypeError(f"an integer is needed, not `{type(value).__name__}`") from None
