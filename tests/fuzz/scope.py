"""What a policy under construction knows: its file's declarations, its lines, and the variables that are surely set."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, TypeVar

from syrupc.spec import INT_TYPES, MapKind
from tests.fuzz.terms import NON_NEGATIVE, STORAGE, Kind, Term, constant, fits, kind_of

T = TypeVar("T")

EDGES: Final = (
    *(0, 1, 2, 3, 5, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 32767, 32768, 65535, 65536),
    *((1 << bits) + offset for bits in (31, 32, 63) for offset in (-1, 0, 1)),
    (1 << 64) - 1,
)
_MAPS: Final = 4
_NAMES: Final = "abcxyzpqrstuvw"


def weighted(*choices: tuple[int, T]) -> tuple[T, ...]:
    """A table to choose from: each choice as often as its weight says."""
    return tuple(choice for weight, choice in choices for _ in range(weight))


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
        types = self.value if self.kind.indexed else f"{self.key}, {self.value}"
        return f"{self.name} = syrup.{self.kind.value}({types}, {self.entries})"

    @property
    def atomic(self) -> bool:
        """Whether entries can be updated in place with an operator that must lose no update."""
        return self.kind.per_cpu or INT_TYPES[self.value].bits in (32, 64)


@dataclass
class File:
    """The module level of a policy file. What policies ask for is declared when they ask."""

    rnd: random.Random
    worldly: bool
    maps: list[Map] = field(default_factory=list)
    constants: dict[str, int] = field(default_factory=dict)
    tuples: dict[str, tuple[int, ...]] = field(default_factory=dict)
    enumeration: dict[str, int] = field(default_factory=dict)

    def map(self, kinds: Sequence[MapKind], suits: Callable[[Map], bool] = lambda _: True) -> Map:
        """One of the file's maps, or a new one."""
        known = [m for m in self.maps if m.kind in kinds and suits(m)]
        if known and (len(self.maps) >= _MAPS or self.rnd.randrange(3)):
            return self.rnd.choice(known)
        while not suits(made := self._new_map(self.rnd.choice(kinds))):
            pass
        self.maps.append(made)
        return made

    def _new_map(self, kind: MapKind) -> Map:
        name = f"{kind.name.lower()}_{len(self.maps)}"
        value = self.rnd.choice(tuple(STORAGE))
        key = "u32" if kind.indexed else self.rnd.choice(tuple(STORAGE))
        return Map(name, kind, key, value, self.rnd.randrange(1, 6))

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
        yield "from syrup import i8, i16, i32, u8, u16, u32, u64"
        yield ""
        yield from (f"{name} = {value}" for name, value in self.constants.items())
        for name, values in self.tuples.items():
            yield f"{name} = ({', '.join(map(str, values))},)"
        yield from (m.source for m in self.maps)
        if self.enumeration:
            yield from ("", "", "class Verb(IntEnum):")
            yield from (f"    {name} = {value}" for name, value in self.enumeration.items())


def _one_in(file: File, n: int) -> bool:
    return file.rnd.randrange(n) == 0


def _size(file: File) -> int:
    return file.rnd.choice((1, 2, 3, 3, 4))


def _named(name: str, value: int) -> Term:
    return Term(name, kind_of(value), frozenset((value,)), True)


@dataclass(slots=True)
class Variable:
    """A local variable: its kind never changes, `literals` are the constants that were ever assigned to it."""

    name: str
    kind: Kind
    literals: set[int] = field(default_factory=set)

    @property
    def term(self) -> Term:
        return Term(self.name, self.kind, frozenset(self.literals))


class Writer:
    """The lines of one policy, and what may be used at the current point."""

    def __init__(self, file: File, budget: int) -> None:
        self.file, self.rnd = file, file.rnd
        self.lines: list[str] = []
        self.variables: dict[str, Variable] = {}
        self.budget = budget
        self.indent = 1
        self.loops = 0
        # How often the innermost block is run, at most: the turns of the loops around it, multiplied.
        self.turns = 1
        # Variables that a loop counts with: whoever assigned them might never end it.
        self.held: set[str] = set()
        # Inside of what is evaluated only sometimes a walrus sets nothing for certain.
        self.unsure = False
        self._all: dict[str, Variable] = {}

    # -- choices -------------------------------------------------------------------------------------------------------

    def one_in(self, n: int) -> bool:
        return self.rnd.randrange(n) == 0

    def choose(self, choices: Sequence[T]) -> T:
        return choices[self.rnd.randrange(len(choices))]

    # -- lines ---------------------------------------------------------------------------------------------------------

    def put(self, line: str) -> None:
        self.lines.append("    " * self.indent + line)

    @contextmanager
    def block(self, header: str) -> Iterator[None]:
        """An indented block after which no more is known to be set than before it."""
        self.put(header)
        known = dict(self.variables)
        self.indent += 1
        yield
        self.indent -= 1
        self.variables = known

    @contextmanager
    def loop(self, header: str, turns: int, held: Iterable[str] = ()) -> Iterator[None]:
        """The body of a loop."""
        before, self.held = self.held, self.held | set(held)
        self.loops, self.turns = self.loops + 1, self.turns * max(turns, 1)
        with self.block(header):
            yield
        self.loops, self.turns, self.held = self.loops - 1, self.turns // max(turns, 1), before

    # -- variables -----------------------------------------------------------------------------------------------------

    def readable(self) -> list[Variable]:
        return list(self.variables.values())

    def assignable(self) -> list[Variable]:
        """Variables that are set and may be set anew."""
        return [v for v in self.variables.values() if v.name not in self.held]

    def target(self) -> Variable:
        """A variable to assign: one that is set, one that is set on some paths, or a new one."""
        known = [v for v in self._all.values() if v.name not in self.held]
        if known and (self.rnd.randrange(4) or len(self._all) >= len(_NAMES)):
            return self.choose(known)
        return self.new(self.choose((Kind.NATURAL, Kind.SIGNED, Kind.SIGNED, Kind.WIDE)))

    def new(self, kind: Kind) -> Variable:
        """A new variable, not yet set."""
        number = len(self._all)
        name = _NAMES[number] if number < len(_NAMES) else f"v{number}"
        self._all[name] = made = Variable(name, Kind.NATURAL if kind is Kind.BIT else kind)
        return made

    def set(self, variable: Variable, value: Term) -> None:
        """The variable has this value now."""
        variable.literals |= value.literals
        self.variables[variable.name] = variable

    @contextmanager
    def sometimes(self) -> Iterator[None]:
        """What is generated meanwhile is evaluated only sometimes."""
        before, self.unsure = self.unsure, True
        yield
        self.unsure = before


# -- making a term fit where it goes -----------------------------------------------------------------------------------


def as_kind(w: Writer, term: Term, kinds: Sequence[Kind]) -> Term:
    """The term, or a cast of it, of one of these kinds."""
    if term.kind in kinds:
        return term
    wanted = Kind.NATURAL if tuple(kinds) == NON_NEGATIVE else w.choose(kinds)
    casts = [name for name, kind in STORAGE.items() if kind is wanted]
    name = w.choose(casts)
    if wanted is Kind.NATURAL and term.kind is Kind.SIGNED and not term.constant and w.one_in(4):
        return Term(f"abs({term.text})", wanted)
    return Term(f"{name}({tame(w, term, INT_TYPES[name].minimum, INT_TYPES[name].maximum).text})", wanted)


def tame(w: Writer, term: Term, low: int, high: int) -> Term:
    """The term, or another one that the compiler cannot take for a constant out of these bounds."""
    if term.within(low, high):
        return term
    if term.constant:
        return constant(w.choose([v for v in (0, 1, high, low, min(high, 100)) if low <= v <= high]))
    mask = w.choose([m for m in (1, 3, 7, 255, 65535) if m <= high] or [0])
    return Term(f"({term.text} & {mask})", Kind.NATURAL)


def storable(w: Writer, term: Term, type_name: str) -> Term:
    """What an entry of this type can be set to."""
    if all(fits(value, type_name) for value in term.literals):
        return term
    kind = INT_TYPES[type_name]
    return tame(w, term, kind.minimum, kind.maximum)
