"""The maps of the language, as plain Python: what entries they have and what an access to them is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from syrupc.spec import U32, IntType
from tests.fuzz import layouts
from tests.fuzz.file import MANY
from tests.fuzz.numbers import Num, is_unsigned
from tests.fuzz.records import Kind, Record, held_of, kind_of, layout, loaded, plain, stored, zero


class MapFullError(Exception):
    """No room for another key."""


class Contents(ABC):
    """What all maps share: values of one kind."""

    value: Kind

    @property
    def wide(self) -> bool:
        """Whether its values are u64."""
        return isinstance(self.value, IntType) and self.value.maximum == (1 << 64) - 1

    @abstractmethod
    def snapshot(self) -> Any:
        """What others can see, as plain values."""

    @abstractmethod
    def preset(self, key: Any, value: Any) -> None:
        """Store plain values, as user space does; without keys `key` is None."""

    def or_default(self, found: Any, default: Any) -> Any:
        """What was found, or what stands in for it."""
        value = default if found is None else found
        return Num(value, self.wide or is_unsigned(default)) if isinstance(value, int) else value


class Table(Contents):
    """What maps with keys share. `content` has what is stored under the plain values of keys."""

    missing: type[Exception] = KeyError

    def __init__(self, key: Kind, value: Kind, entries: int) -> None:
        self.key, self.value, self.entries = key, value, entries
        self.content: dict[Any, Any] = {}

    def snapshot(self) -> Mapping[Any, Any]:
        return {key: plain(held) for key, held in self.content.items()}

    def preset(self, key: Any, value: Any) -> None:
        self.content[key] = held_of(self.value, value)

    def place(self, key: Any) -> Any:
        """Under which plain value the entry of a key is, None where there is none."""
        found = _plain(key)
        return found if found in self.content else None

    def __getitem__(self, key: Any) -> Any:
        place = self.place(key)
        if place is None:
            raise self.missing
        return _value(self.value, self.content[place])

    def __setitem__(self, key: Any, value: Any) -> None:
        self.content[_plain(key)] = stored(self.value, value)

    def __delitem__(self, key: Any) -> None:
        self[key]
        del self.content[_plain(key)]

    def __contains__(self, key: Any) -> bool:
        return self.place(key) is not None

    def get(self, key: Any, default: Any) -> Any:
        place = self.place(key)
        return self.or_default(None if place is None else self[key], default)

    def lookup(self, key: Any) -> Any:
        """A reference: the record itself, or a cell over the number."""
        place = self.place(key)
        if place is None:
            return None
        return Cell(self, place) if isinstance(self.value, IntType) else self.content[place]

    def compare_swap(self, key: Any, old: int, new: int) -> Num:
        was: Num = self[key]
        if was == old:
            self[key] = new
        return was

    def fetch_add(self, key: Any, value: int) -> Num:
        old: Num = self[key]
        self[key] = old + value
        return old


@dataclass
class Cell:
    """A number in a map."""

    table: Table
    key: Any

    @property
    def value(self) -> Num:
        return Num(self.table.content[self.key], self.table.wide)

    @value.setter
    def value(self, value: int) -> None:
        self.table.content[self.key] = stored(self.table.value, value)


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, int) else value.plain


def _value(kind: Kind, held: Any) -> Any:
    """What is held, as a value that does not change with it."""
    return loaded(kind, held if isinstance(kind, IntType) else held_of(kind, held.plain))


class Array(Table):
    """`Array(value, entries)`, and one CPU's view of a `PerCpuArray`: all entries are there, zero at first."""

    missing = IndexError

    def __init__(self, value: Kind, entries: int) -> None:
        super().__init__(U32, value, entries)
        self.content = {index: zero(value) for index in range(entries)}

    def snapshot(self) -> Mapping[Any, Any]:
        found = super().snapshot()
        return found if self.entries < MANY else {index: value for index, value in found.items() if value}

    def __setitem__(self, key: Any, value: Any) -> None:
        self[key]
        if isinstance(value, Record):  # references to it see the change
            self.content[int(key)].become(value)
        else:
            super().__setitem__(key, value)


class HashMap(Table):
    """`HashMap(key, value, entries)`, one CPU's view of a `PerCpuHashMap`, and a `LruHashMap` that is never full.

    A key that its type cannot hold is never there, and cannot be stored.
    """

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(self.key, IntType) and not self.key.holds(int(key)):
            raise KeyError
        if _plain(key) not in self.content and len(self.content) >= self.entries:
            raise MapFullError
        super().__setitem__(key, value)


class LpmTrie(Table):
    """`LpmTrie(address, value, entries)`: entries are under an address and how many bits of it count."""

    def place(self, key: Any) -> Any:
        if isinstance(self.key, IntType) and not self.key.holds(int(key)):
            return None
        address = self._bits(_plain(key))
        total = 8 * layout(self.key).size
        matches = [p for p in self.content if self._bits(p[0]) >> total - p[1] == address >> total - p[1]]
        return max(matches, key=lambda place: place[1], default=None)

    def _bits(self, address: Any) -> int:
        return int.from_bytes(layouts.pack(layout(self.key), address), "big")


class Queue(Contents):
    """`Queue(value, entries)`; the next value is the first."""

    def __init__(self, value: Kind, entries: int) -> None:
        self.value, self.entries = value, entries
        self.content: list[Any] = []

    def snapshot(self) -> tuple[Any, ...]:
        return tuple(map(plain, self.content))

    def preset(self, key: Any, value: Any) -> None:  # noqa: ARG002
        self.put(held_of(self.value, value))

    def put(self, held: Any) -> None:
        self.content.append(held)

    def push(self, value: Any) -> None:
        if len(self.content) >= self.entries:
            raise MapFullError
        self.put(stored(self.value, value))

    def peek(self, *default: Any) -> Any:
        if not (self.content or default):
            raise IndexError
        found = _value(self.value, self.content[0]) if self.content else None
        return self.or_default(found, *default) if default else found

    def pop(self, *default: Any) -> Any:
        found = self.peek(*default)
        self.content = self.content[1:]
        return found


class Stack(Queue):
    def put(self, held: Any) -> None:
        self.content.insert(0, held)


class Bloom(Contents):
    """`Bloom(value, entries)`, large enough that no other value seems to be in it. Nobody can list it."""

    def __init__(self, value: Kind, entries: int) -> None:
        self.value, self.entries = value, entries
        self.content: set[Any] = set()

    def snapshot(self) -> tuple[()]:
        return ()

    def preset(self, key: Any, value: Any) -> None:  # noqa: ARG002
        self.content.add(value)

    def add(self, value: Any) -> None:
        self.content.add(plain(stored(self.value, value)))

    def __contains__(self, value: Any) -> bool:
        return _plain(value) in self.content


class RingBuf(Contents):
    """`RingBuf(event, size)`: whoever looks takes the events out. Each takes a header of 8 bytes, and whole words."""

    def __init__(self, value: Kind, size: int) -> None:
        self.value, self.size = value, size
        self.content: list[Any] = []

    def preset(self, key: Any, value: Any) -> None:  # noqa: ARG002
        raise AssertionError("user space only reads events")

    def snapshot(self) -> tuple[Any, ...]:
        events, self.content = self.content, []
        return tuple(events)

    def emit(self, event: Any) -> Num:
        room = -(-layout(self.value).size // 8) * 8 + 8
        fits = (len(self.content) + 1) * room < self.size
        if fits:
            self.content.append(event.plain)
        return Num(fits)


def _declared(made: Callable[..., Contents], types: int) -> Callable[..., Contents]:
    """A declaration: its first arguments are types."""
    return lambda *arguments: made(*map(kind_of, arguments[:types]), *map(int, arguments[types:]))


DECLARATIONS: Final = {
    "Array": _declared(Array, 1),
    "PerCpuArray": _declared(Array, 1),
    "HashMap": _declared(HashMap, 2),
    "LruHashMap": _declared(HashMap, 2),
    "PerCpuHashMap": _declared(HashMap, 2),
    "LpmTrie": _declared(LpmTrie, 2),
    "Queue": _declared(Queue, 1),
    "Stack": _declared(Stack, 1),
    "Bloom": _declared(Bloom, 1),
    "RingBuf": _declared(RingBuf, 1),
}
"""Name of `syrup` -> what a declaration makes."""
