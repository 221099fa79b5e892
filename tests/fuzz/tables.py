"""The maps of the language, as plain Python: what entries they have and what an access to them is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from syrupc.spec import U32, U64, IntType
from tests.fuzz.numbers import Num, is_unsigned


class MapFullError(Exception):
    """No room for another key."""


class Table:
    """What all maps share. Keys and values are stored as plain integers."""

    missing: type[Exception] = KeyError

    def __init__(self, key: IntType, value: IntType, entries: int) -> None:
        self.key, self.value, self.entries = key, value, entries
        self.content: dict[int, int] = {}

    @property
    def wide(self) -> bool:
        """Whether its values are u64."""
        return self.value is U64

    def snapshot(self) -> Mapping[Any, Any]:
        return dict(self.content)

    def __getitem__(self, key: int) -> Num:
        if int(key) not in self.content:
            raise self.missing
        return Num(self.content[int(key)], self.wide)

    def __setitem__(self, key: int, value: int) -> None:
        self.content[int(key)] = self.value.wrap(int(value))

    def __delitem__(self, key: int) -> None:
        self[key]
        del self.content[int(key)]

    def __contains__(self, key: int) -> bool:
        return int(key) in self.content

    def get(self, key: int, default: int) -> Num:
        found = self[key] if key in self else default  # noqa: SIM401 -- this is get
        return Num(found, self.wide or is_unsigned(default))

    def fetch_add(self, key: int, value: int) -> Num:
        old = self[key]
        self[key] = old + value
        return old


class Array(Table):
    """`Array(value, entries)`, and one CPU's view of a `PerCpuArray`: all entries are there, zero at first."""

    missing = IndexError

    def __init__(self, value: IntType, entries: int) -> None:
        super().__init__(U32, value, entries)
        self.content = dict.fromkeys(range(entries), 0)

    def __setitem__(self, key: int, value: int) -> None:
        self[key]
        super().__setitem__(key, value)


class HashMap(Table):
    """`HashMap(key, value, entries)`: a key that its type cannot hold is never there, and cannot be stored."""

    def __setitem__(self, key: int, value: int) -> None:
        if not self.key.holds(int(key)):
            raise KeyError
        if int(key) not in self.content and len(self.content) >= self.entries:
            raise MapFullError
        super().__setitem__(key, value)


def _declared(made: Callable[..., Table], types: int) -> Callable[..., Table]:
    """A declaration: its first arguments are types."""
    return lambda *arguments: made(*(a.kind for a in arguments[:types]), *map(int, arguments[types:]))


DECLARATIONS: Final = {
    "Array": _declared(Array, 1),
    "PerCpuArray": _declared(Array, 1),
    "HashMap": _declared(HashMap, 2),
}
"""Name of `syrup` -> what a declaration makes."""
