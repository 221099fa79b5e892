"""The module level of a generated policy file: constants, maps, and what else policies share."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from syrupc.spec import MapKind
from tests.fuzz.terms import LAID, Kind, Term, kind_of

T = TypeVar("T")

EDGES: Final = (
    *(0, 1, 2, 3, 5, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 32767, 32768, 65535, 65536),
    *((1 << bits) + offset for bits in (31, 32, 63) for offset in (-1, 0, 1)),
    (1 << 64) - 1,
)
NATIVE: Final = ("u32", "i32", "u64", "int")
"""Types that CPUs update atomically."""

MANY: Final = 9000
"""Entries of an array that is no whole value in the kernel: only those that are not zero are looked at."""

_ADDRESSES: Final = ("u8", "be16", "be32", "be32", "be64")
"""Types that lie in network order."""

_ENTRIES: Final = {
    MapKind.LRU_HASH_MAP: 1024,  # so many that the kernel forgets none
    MapKind.LPM_TRIE: 16,
    MapKind.BLOOM: 1000,  # so many that hardly any value seems to be there
    MapKind.RING_BUF: 4096,  # bytes
}
_MAPS: Final = 5
_STRUCTS: Final = 3
# A field's name tells whether it is u64, in all structs.
_NARROW_NAMES: Final = ("kind", "port", "size", "flags", "rest")
_WIDE_NAMES: Final = ("stamp", "token", "total")


def weighted(*choices: tuple[int, T]) -> tuple[T, ...]:
    """A table to choose from: each choice as often as its weight says."""
    return tuple(choice for weight, choice in choices for _ in range(weight))


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a struct: `type` names an integer type or a struct, `count` is set for elements of it."""

    name: str
    type: str
    count: int | None = None

    @property
    def source(self) -> str:
        if self.count is None:
            return f"{self.name}: {self.type}"
        return f"{self.name}: syrup.Elements[{self.type}] = syrup.elements({self.count})"


@dataclass(frozen=True, slots=True)
class Struct:
    """A struct of the file."""

    name: str
    fields: tuple[Field, ...]

    @property
    def parameters(self) -> tuple[Field, ...]:
        """What one is made of by name: elements start as zeros."""
        return tuple(field for field in self.fields if field.count is None)


@dataclass(frozen=True, slots=True)
class Map:
    """A map of the file: `value` and `key` name types."""

    name: str
    kind: MapKind
    key: str
    value: str
    entries: int

    @property
    def source(self) -> str:
        types = f"{self.key}, {self.value}" if self.kind.keyed else self.value
        return f"{self.name} = syrup.{self.kind.value}({types}, {self.entries})"

    @property
    def atomic(self) -> bool:
        """Whether entries can be updated in place with an operator that must lose no update."""
        return self.value in NATIVE or (self.kind.per_cpu and self.value in LAID)


@dataclass(frozen=True, slots=True)
class Helper:
    """A helper function of the file: what its parameters and results are annotated with, and its text.

    `cost` is how many lines are walked in it, `changes` are the maps that gain or lose entries in it. One
    that is `large` stays a function where it is called twice.
    """

    name: str
    parameters: tuple[str, ...]
    results: tuple[str, ...]
    lines: tuple[str, ...]
    cost: int
    changes: frozenset[str]
    large: bool


@dataclass
class File:
    """The module level of a policy file. What policies ask for is declared when they ask."""

    rnd: random.Random
    worldly: bool
    most_helpers: int
    maps: list[Map] = field(default_factory=list)
    constants: dict[str, int] = field(default_factory=dict)
    bounds: dict[int, str] = field(default_factory=dict)
    texts: dict[bytes, str] = field(default_factory=dict)
    tuples: dict[str, tuple[int, ...]] = field(default_factory=dict)
    enumeration: dict[str, int] = field(default_factory=dict)
    structs: dict[str, Struct] = field(default_factory=dict)
    helpers: list[Helper] = field(default_factory=list)
    helpers_begun: int = 0

    def map(self, kinds: Sequence[MapKind], suits: Callable[[Map], bool] = lambda _: True) -> Map:
        """One of the file's maps, or a new one."""
        known = self.known(kinds, suits)
        if known and (len(self.maps) >= _MAPS or self.rnd.randrange(3)):
            return known
        while not suits(made := self._new_map(self.rnd.choice(kinds))):
            pass
        self.maps.append(made)
        return made

    def known(self, kinds: Sequence[MapKind], suits: Callable[[Map], bool]) -> Map | None:
        """One of the file's maps, None if there is none such."""
        known = [m for m in self.maps if m.kind in kinds and suits(m)]
        return self.rnd.choice(known) if known else None

    def _new_map(self, kind: MapKind) -> Map:
        name = f"{kind.name.lower()}_{len(self.maps)}"
        record = kind is MapKind.RING_BUF or _one_in(self, 4)
        value = self.struct().name if record else self.rnd.choice(tuple(LAID))
        entries = _ENTRIES.get(kind) or self.rnd.randrange(1, 6)
        if kind is MapKind.ARRAY and value in ("u64", "int", "be64") and _one_in(self, 4):
            entries = MANY
        return Map(name, kind, self._new_key(kind), value, entries)

    def _new_key(self, kind: MapKind) -> str:
        if kind is MapKind.LPM_TRIE:
            return self.rnd.choice(_ADDRESSES)
        if not kind.keyed:
            return "u32"
        return self.struct().name if _one_in(self, 4) else self.rnd.choice(tuple(LAID))

    def struct(self) -> Struct:
        """One of the file's structs, or a new one."""
        if self.structs and (len(self.structs) >= _STRUCTS or self.rnd.randrange(2)):
            return self.rnd.choice(tuple(self.structs.values()))
        name = ("Request", "Stats", "Flow")[len(self.structs)]
        narrow, wide = list(_NARROW_NAMES), list(_WIDE_NAMES)
        fields: list[Field] = []
        for _ in range(self.rnd.choice((1, 2, 2, 3, 4))):
            fields.append(self._field(narrow, wide, first=not fields))
        made = self.structs[name] = Struct(name, tuple(fields))
        return made

    def _field(self, narrow: list[str], wide: list[str], *, first: bool) -> Field:
        if self.structs and _one_in(self, 6):
            inner = self.rnd.choice(tuple(self.structs))
            return Field(narrow.pop(self.rnd.randrange(len(narrow))), inner, 2 if _one_in(self, 6) else None)
        is_wide = bool(wide) and _one_in(self, 3)
        kind = self.rnd.choice([name for name, kind in LAID.items() if (kind is Kind.WIDE) is is_wide])
        names = wide if is_wide else narrow
        count = self.rnd.randrange(1, 5) if not first and _one_in(self, 5) else None
        return Field(names.pop(self.rnd.randrange(len(names))), kind, count)

    def constant(self) -> Term:
        """A constant of the module, or a member of its enumeration."""
        if self.rnd.randrange(2):
            if not self.enumeration:
                low = self.rnd.randrange(-2, 4)
                self.enumeration = {"GET": low, "SCAN": low + 1, "PUT": self.rnd.choice((7, 255, 1 << 31))}
            member = self.rnd.choice(tuple(self.enumeration))
            return _named(f"Verb.{member}", self.enumeration[member])
        if len(self.constants) < 3 and not self.rnd.randrange(2):
            value = self.rnd.choice(EDGES)
            self.constants[f"LIMIT_{len(self.constants)}"] = -value if value < 1 << 63 and _one_in(self, 4) else value
        if not self.constants:
            self.constants["LIMIT_0"] = 6
        name = self.rnd.choice(tuple(self.constants))
        return _named(name, self.constants[name])

    def bound(self, value: int) -> str:
        """A small constant that a loop is bounded by: written out, or as the name of what it is computed from."""
        if self.rnd.randrange(4):
            return str(value)
        if value not in self.bounds:
            self.bounds[value] = f"BOUND_{value}"
        return self.bounds[value]

    def text(self, value: bytes) -> str:
        """Bytes to compare with: written out, or by a name."""
        if self.rnd.randrange(4):
            return repr(value)
        if value not in self.texts:
            self.texts[value] = f"TEXT_{len(self.texts)}"
        return self.texts[value]

    def tuple(self) -> tuple[str, tuple[int, ...]]:
        """A tuple of constants: its spelling and its elements."""
        if self.tuples and self.rnd.randrange(2):
            name = self.rnd.choice(tuple(self.tuples))
            return name, self.tuples[name]
        values = [self.rnd.choice(EDGES) if _one_in(self, 3) else self.rnd.randrange(8) for _ in range(_size(self))]
        if all(value < 1 << 63 for value in values) and values and self.rnd.randrange(2):
            values[0] = -values[0] - 1
        spelling = f"({', '.join(map(str, values))}{',' if len(values) == 1 else ''})"
        if len(self.tuples) < 2 and _one_in(self, 3):
            name = f"SOME_{len(self.tuples)}"
            self.tuples[name] = tuple(values)
            return name, self.tuples[name]
        return spelling, tuple(values)

    def lines(self) -> Iterator[str]:
        """The module level, in front of the policies."""
        if self.enumeration:
            yield "from enum import IntEnum"
            yield ""
        yield "import syrup"
        yield "from syrup import be16, be32, be64, i8, i16, i32, u8, u16, u32, u64"
        yield ""
        yield from (f"{name} = {value}" for name, value in self.constants.items())
        yield from (f"{name} = (1 << 4) - {16 - value}" for value, name in self.bounds.items())
        yield from (f"{name} = {value!r}" for value, name in self.texts.items())
        for name, values in self.tuples.items():
            yield f"{name} = ({', '.join(map(str, values))},)"
        for struct in self.structs.values():
            yield from ("", "", "@syrup.struct", f"class {struct.name}:")
            yield from (f"    {field.source}" for field in struct.fields)
        yield from (m.source for m in self.maps)
        if self.enumeration:
            yield from ("", "", "class Verb(IntEnum):")
            yield from (f"    {name} = {value}" for name, value in self.enumeration.items())
        for helper in self.helpers:
            yield from ("", "", *helper.lines)


def _one_in(file: File, n: int) -> bool:
    return file.rnd.randrange(n) == 0


def _size(file: File) -> int:
    return file.rnd.choice((1, 2, 3, 3, 4))


def _named(name: str, value: int) -> Term:
    return Term(name, kind_of(value), frozenset((value,)), True)
