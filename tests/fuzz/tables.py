"""The maps of the language, as plain Python: what entries they have and what an access to them is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from syrupc.spec import U32, IntType
from tests.fuzz.numbers import Num, is_unsigned
from tests.fuzz.records import Kind, Record, held_of, kind_of, loaded, plain, stored, zero


class MapFullError(Exception):
    """No room for another key."""


class Table:
    """What all maps share. `content` has what is stored under the plain values of keys."""

    missing: type[Exception] = KeyError

    def __init__(self, key: Kind, value: Kind, entries: int) -> None:
        self.key, self.value, self.entries = key, value, entries
        self.content: dict[Any, Any] = {}

    @property
    def wide(self) -> bool:
        """Whether its values are u64."""
        return isinstance(self.value, IntType) and self.value.maximum == (1 << 64) - 1

    def snapshot(self) -> Mapping[Any, Any]:
        return {key: plain(held) for key, held in self.content.items()}

    def preset(self, key: Any, value: Any) -> None:
        """Store plain values, as user space does."""
        self.content[key] = held_of(self.value, value)

    def __getitem__(self, key: Any) -> Any:
        found = _plain(key)
        if found not in self.content:
            raise self.missing
        return _value(self.value, self.content[found])

    def __setitem__(self, key: Any, value: Any) -> None:
        self.content[_plain(key)] = stored(self.value, value)

    def __delitem__(self, key: Any) -> None:
        self[key]
        del self.content[_plain(key)]

    def __contains__(self, key: Any) -> bool:
        return _plain(key) in self.content

    def get(self, key: Any, default: Any) -> Any:
        found = self[key] if key in self else default  # noqa: SIM401 -- this is get
        return Num(found, self.wide or is_unsigned(default)) if isinstance(found, int) else found

    def lookup(self, key: Any) -> Any:
        """A reference: the record itself, or a cell over the number."""
        if key not in self:
            return None
        return Cell(self, _plain(key)) if isinstance(self.value, IntType) else self.content[_plain(key)]

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

    def __setitem__(self, key: Any, value: Any) -> None:
        self[key]
        if isinstance(value, Record):  # references to it see the change
            self.content[int(key)].become(value)
        else:
            super().__setitem__(key, value)


class HashMap(Table):
    """`HashMap(key, value, entries)`: a key that its type cannot hold is never there, and cannot be stored."""

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(self.key, IntType) and not self.key.holds(int(key)):
            raise KeyError
        if _plain(key) not in self.content and len(self.content) >= self.entries:
            raise MapFullError
        super().__setitem__(key, value)


def _declared(made: Callable[..., Table], types: int) -> Callable[..., Table]:
    """A declaration: its first arguments are types."""
    return lambda *arguments: made(*map(kind_of, arguments[:types]), *map(int, arguments[types:]))


DECLARATIONS: Final = {
    "Array": _declared(Array, 1),
    "PerCpuArray": _declared(Array, 1),
    "HashMap": _declared(HashMap, 2),
}
"""Name of `syrup` -> what a declaration makes."""
