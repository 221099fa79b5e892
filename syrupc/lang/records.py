"""Records and their elements: bytes with the layout of C, as values of the language.

A record is a value, over bytes that do not change. Where `lookup` gives a record it lies over the map's own memory
instead, and setting a field changes the map. `syrupc.lang.structs` declares their classes.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Generic, Protocol, Self, TypeVar

from syrupc.lang.scalars import int_type
from syrupc.lang.stored import Integer, Kind
from syrupc.spec import BOOL, ArrayType, IntType, StoredType, StructType

T = TypeVar("T")

_IMMUTABLE: Final = "a value does not change: build a new one, or change it in its map through `ref = m.lookup(key)`"

# Filled as structs are declared: which class stands for a layout.
_known: dict[StructType, type[Record]] = {}


class AnyRecord(Protocol):
    """Any record, to type checkers: what they make of a `@struct` class has this attribute, and nothing else does."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


class Record:
    """What all records share; `@struct` makes the classes. Equal records have equal layouts and equal bytes."""

    __slots__ = ("__memory__",)

    __memory__: memoryview
    __struct__: ClassVar[StructType]
    """The layout."""
    __kinds__: ClassVar[Mapping[str, Kind]]
    """The kind of each field."""
    __signature__: ClassVar[inspect.Signature]

    def __init__(self, /, *args: object, **kwargs: object) -> None:
        layout = self.__struct__
        try:
            given = self.__signature__.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{layout}: {error}") from None
        memory = bytearray(layout.size)
        for name, value in given.arguments.items():
            memory[_place(layout, name)] = _packed(f"{layout}.{name}", self.__kinds__[name], value)
        self.__memory__ = memoryview(bytes(memory))

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """The record that lies in `data`, whose padding does not count. Raises `ValueError` for another size."""
        layout = cls.__struct__
        if len(data) != layout.size:
            raise ValueError(f"{layout} has {layout.size} bytes, not {len(data)}")
        kept = int.from_bytes(data, "little") & int.from_bytes(data_mask(layout), "little")
        return cls.__over__(memoryview(kept.to_bytes(layout.size, "little")))

    @classmethod
    def __over__(cls, memory: memoryview) -> Self:
        """The record in that memory: a reference where the memory can be written."""
        found = object.__new__(cls)
        found.__memory__ = memory
        return found

    def __bytes__(self) -> bytes:
        return bytes(self.__memory__)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record) or other.__struct__ != self.__struct__:
            return NotImplemented
        return self.__memory__ == other.__memory__

    def __hash__(self) -> int:
        return _hash(self.__memory__)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self).from_bytes, (bytes(self),)

    def __repr__(self) -> str:
        if not self.__memory__.readonly:
            return f"<reference to {self.__over__(self.__memory__.toreadonly())!r}>"
        fields = (f"{field.name}={getattr(self, field.name)!r}" for field in self.__struct__.fields)
        return f"{self.__struct__}({', '.join(fields)})"


class Elements(Generic[T]):
    """A fixed number of elements in a record: `slots: Elements[u32] = elements(4)`. They begin as zero.

    An index below 0 or beyond the last raises `IndexError`. Elements can be set through a reference.
    """

    __slots__ = ("_kind", "_memory")

    _kind: Repeated
    _memory: memoryview

    def __init__(self) -> None:
        raise TypeError("elements are part of a record: declare them in its `@syrup.struct` class")

    @classmethod
    def _over(cls, kind: Repeated, memory: memoryview) -> Elements[Any]:
        found: Elements[Any] = object.__new__(cls)
        found._kind, found._memory = kind, memory
        return found

    def __len__(self) -> int:
        return self._kind.count

    def __getitem__(self, index: int) -> T:
        element: T = self._kind.element.load(self._place(index))
        return element

    def __setitem__(self, index: int, value: T) -> None:
        place = self._place(index)
        if place.readonly:
            raise TypeError(_IMMUTABLE)
        place[:] = self._kind.element.pack(value)

    def __iter__(self) -> Iterator[T]:
        return (self[index] for index in range(len(self)))

    def __bytes__(self) -> bytes:
        return bytes(self._memory)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Elements) or other._kind.type != self._kind.type:
            return NotImplemented
        return self._memory == other._memory

    def __hash__(self) -> int:
        return _hash(self._memory)

    def __repr__(self) -> str:
        return repr(list(self))

    def _place(self, index: int) -> memoryview:
        if not 0 <= index < len(self):
            raise IndexError(f"{index} of {len(self)}")
        size = self._kind.element.type.size
        return self._memory[index * size : (index + 1) * size]


@dataclass(frozen=True, slots=True)
class Structured:
    """The kind of a record class."""

    record: type[Record]

    @property
    def type(self) -> StructType:
        return self.record.__struct__

    def load(self, memory: memoryview) -> Record:
        return self.record.__over__(memory)

    def refer(self, memory: memoryview) -> Record:
        return self.record.__over__(memory)

    def pack(self, value: object) -> bytes:
        if not isinstance(value, Record) or value.__struct__ != self.type:
            raise TypeError(f"a record of `{self.type}` is needed, not `{type(value).__name__}`")
        return bytes(value)

    def exact(self, value: object) -> bytes | None:
        return self.pack(value)


@dataclass(frozen=True, slots=True)
class Repeated:
    """The kind of a field of elements."""

    element: Kind
    count: int

    @property
    def type(self) -> ArrayType:
        return ArrayType(self.element.type, self.count)

    def load(self, memory: memoryview) -> Elements[Any]:
        return Elements._over(self, memory)

    def refer(self, memory: memoryview) -> Elements[Any]:
        return Elements._over(self, memory)

    def pack(self, value: object) -> bytes:
        if not isinstance(value, Elements) or value._kind.type != self.type:
            raise TypeError(f"elements `{self.type}` are needed, not `{type(value).__name__}`")
        return bytes(value)

    def exact(self, value: object) -> bytes | None:
        return self.pack(value)


def kind_of(annotation: Any) -> Kind:
    """The kind that `u32`, `int`, `bool` or a struct stands for; `TypeError` for anything else."""
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return Structured(annotation)
    return Integer(int_type(annotation))


def kind_from(type_: StoredType) -> Kind:
    """The kind of a storage type. Of a struct, its record class is the one that was declared last with that layout."""
    match type_:
        case IntType():
            return Integer(type_)
        case ArrayType():
            return Repeated(kind_from(type_.element), type_.count)
        case StructType():
            return Structured(record_class(type_))


def class_of(kind: Kind) -> type[Any]:
    """The class of the values: of records, else `int` or `bool`."""
    if isinstance(kind, Structured):
        return kind.record
    return bool if kind.type == BOOL else int


def record_class(layout: StructType) -> type[Record]:
    """The declared record class of a layout, else one that is made for it, the same every time."""
    if layout not in _known:
        _known[layout] = make_record_class(layout.name, {field.name: kind_from(field.type) for field in layout.fields})
    return _known[layout]


def remember(made: type[Record]) -> None:
    """Let the class be the one that stands for its layout."""
    _known[made.__struct__] = made


def make_record_class(name: str, kinds: Mapping[str, Kind]) -> type[Record]:
    """A record class with these fields, laid out in their order."""
    layout = StructType.of(name, ((field, kind.type) for field, kind in kinds.items()))
    members = {field: _Member(f"{name}.{field}", kind, _place(layout, field)) for field, kind in kinds.items()}
    facts = {"__struct__": layout, "__kinds__": kinds, "__signature__": _signature(kinds)}
    return type(name, (Record,), {"__slots__": (), **facts, **members})


def data_mask(type_: StoredType) -> bytes:
    """The type's memory with 0xFF where there is data and 0 where there is padding."""
    match type_:
        case IntType():
            return b"\xff" * type_.size
        case ArrayType():
            return data_mask(type_.element) * type_.count
        case StructType():
            mask = bytearray(type_.size)
            for field in type_.fields:
                mask[field.offset : field.offset + field.type.size] = data_mask(field.type)
            return bytes(mask)


class _Member:
    """A field of a record class."""

    __slots__ = ("_kind", "_name", "_place")

    def __init__(self, name: str, kind: Kind, place: slice) -> None:
        self._name = name
        self._kind = kind
        self._place = place

    def __get__(self, record: Record | None, owner: type[Record]) -> Any:
        return self if record is None else self._kind.load(record.__memory__[self._place])

    def __set__(self, record: Record, value: object) -> None:
        memory = record.__memory__
        if memory.readonly:
            raise AttributeError(_IMMUTABLE)
        memory[self._place] = _packed(self._name, self._kind, value)


def _signature(kinds: Mapping[str, Kind]) -> inspect.Signature:
    taken = (name for name, kind in kinds.items() if not isinstance(kind, Repeated))
    return inspect.Signature([inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in taken])


def _packed(where: str, kind: Kind, value: object) -> bytes:
    try:
        return kind.pack(value)
    except TypeError as error:
        raise TypeError(f"{where}: {error}") from None


def _place(layout: StructType, name: str) -> slice:
    (field,) = (each for each in layout.fields if each.name == name)
    return slice(field.offset, field.offset + field.type.size)


def _hash(memory: memoryview) -> int:
    if not memory.readonly:
        raise TypeError("a reference has no hash, since what it refers to changes")
    return hash(bytes(memory))
