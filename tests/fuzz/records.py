"""Structs of the language, as plain Python: fields hold what is stored, and reading one gives the language's number.

A record that a map gives is a copy, unless `lookup` gave it: then it is the one that the map holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

from syrupc.spec import BE64, U64, ArrayType, IntType, StoredType, StructType
from tests.fuzz import layouts
from tests.fuzz.numbers import Num


class Record:
    """What all structs share. Integers are held as they lie in memory: a bool that was read from a packet may be 2."""

    fields: ClassVar[Mapping[str, Kind]]
    layout: ClassVar[StructType]

    def __init__(self, *values: Any, **named: Any) -> None:
        names = [name for name, kind in self.fields.items() if not isinstance(kind, Repeated)]
        given = dict(zip(names, values, strict=False)) | named
        held = {name: stored(kind, given[name]) if name in given else zero(kind) for name, kind in self.fields.items()}
        object.__setattr__(self, "_held", held)

    def __getattr__(self, name: str) -> Any:
        return loaded(self.fields[name], self._held[name])

    def __setattr__(self, name: str, value: Any) -> None:
        self._held[name] = stored(self.fields[name], value)

    @property
    def plain(self) -> tuple[Any, ...]:
        return tuple(map(plain, self._held.values()))

    def become(self, other: Record) -> None:
        """Hold what the other one holds."""
        object.__setattr__(self, "_held", self.of(other.plain)._held)

    @classmethod
    def of(cls, values: tuple[Any, ...]) -> Self:
        """The record of the plain values of all its fields."""
        found = cls.__new__(cls)
        held = {n: held_of(kind, v) for (n, kind), v in zip(cls.fields.items(), values, strict=True)}
        object.__setattr__(found, "_held", held)
        return found


@dataclass(frozen=True)
class Repeated:
    """The kind of a field of elements; what `Elements[u32]` is before its number is known, is one of 0."""

    element: Kind
    count: int = 0


class Elements:
    """The elements in a record."""

    def __init__(self, element: Kind, held: list[Any]) -> None:
        self._element, self._held = element, held

    def __getitem__(self, index: int) -> Any:
        return loaded(self._element, self._held[self._place(index)])

    def __setitem__(self, index: int, value: Any) -> None:
        self._held[self._place(index)] = stored(self._element, value)

    @property
    def plain(self) -> tuple[Any, ...]:
        return tuple(map(plain, self._held))

    def _place(self, index: int) -> int:
        if not 0 <= index < len(self._held):
            raise IndexError
        return int(index)


Kind = IntType | type[Record] | Repeated


def stored(kind: Kind, value: Any) -> Any:
    """A value as it is held where the kind says: integers wrap, and records are copied."""
    return kind.wrap(int(value)) if isinstance(kind, IntType) else held_of(kind, value.plain)


def loaded(kind: Kind, held: Any) -> Any:
    """What is held, as a value of the language."""
    if not isinstance(kind, IntType):
        return held
    return Num(bool(held) if kind.bits == 1 else held, kind in (U64, BE64))


def plain(held: Any) -> Any:
    """What is held as integers, and tuples of them."""
    return held if isinstance(held, int) else held.plain


def held_of(kind: Kind, values: Any) -> Any:
    """The reverse."""
    if isinstance(kind, IntType):
        return values
    if isinstance(kind, Repeated):
        return Elements(kind.element, [held_of(kind.element, each) for each in values])
    return kind.of(values)


def zero(kind: Kind) -> Any:
    return held_of(kind, layouts.zero(layout(kind)))


def layout(kind: Kind) -> StoredType:
    match kind:
        case IntType():
            return kind
        case Repeated():
            return ArrayType(layout(kind.element), kind.count)
    return kind.layout


def struct(declared: type) -> type[Record]:
    """`@syrup.struct` over a class whose annotations were evaluated."""
    fields = {name: _field(kind, vars(declared).get(name, 0)) for name, kind in declared.__annotations__.items()}
    made = StructType.of(declared.__name__, [(name, layout(kind)) for name, kind in fields.items()])
    return type(declared.__name__, (Record,), {"fields": fields, "layout": made})


def _field(annotation: Any, count: int) -> Kind:
    if isinstance(annotation, Repeated):
        return Repeated(annotation.element, count)
    return kind_of(annotation)


def kind_of(annotation: Any) -> Kind:
    """The kind that a name in a declaration stands for: the name of an integer type has it as `kind`."""
    found: Kind = annotation if isinstance(annotation, type) else annotation.kind
    return found


class AnyElements:
    """`syrup.Elements`."""

    def __class_getitem__(cls, annotation: Any) -> Repeated:
        return Repeated(kind_of(annotation))


_M64: Final = (1 << 64) - 1


def hashed(value: Any) -> Num:
    """`syrup.hash`: the finalizer of MurmurHash3 over the 64-bit words of a value, zeros behind the last."""
    if isinstance(value, int):
        data = (int(value) & _M64).to_bytes(8, "little")
    else:
        data = layouts.pack(value.layout, value.plain)
    state = 0
    for start in range(0, len(data), 8):
        state ^= int.from_bytes(data[start : start + 8], "little")
        for multiplier in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
            state = ((state ^ state >> 33) * multiplier) & _M64
        state ^= state >> 33
    return Num(state >> 32)
