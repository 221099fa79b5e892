"""The types of policy code, as Numba types. Integers are described by the range of values they can hold.

Numba keeps one instance of all types with equal keys, for as long as the process lives: a key holds all that a type
carries, and names are for people.

`Int(U8)` is an `int` known to fit eight unsigned bits; all integers live in 64-bit registers. `NON_NEGATIVE` and `INT`
are the two kinds of 64-bit `int`, `U64` the one type that `int` cannot hold. `Lit` is a constant.
"""

from __future__ import annotations

from typing import Any, Final

from numba.core import types

from syrupc.kernel.headers import HEADERS, UDP
from syrupc.spec import (
    BE16,
    BE32,
    BE64,
    BOOL,
    I8,
    I16,
    I32,
    INT,
    U8,
    U16,
    U32,
    U64,
    ArrayType,
    Input,
    IntType,
    MapSpec,
    StoredType,
    StructType,
)

NON_NEGATIVE: Final = IntType("int >= 0", 63, False)
"""The type of an `int` that cannot be negative: it mixes with `u64`."""

MAX_PAYLOAD: Final = 65535 - UDP.size
"""The longest payload of a datagram: that of IPv6, where the header of 40 bytes does not count."""

# In this order the first that holds all values of two types is their join.
_LADDER: Final = (BOOL, U8, I8, U16, I16, U32, I32, NON_NEGATIVE, INT, U64)


class Int(types.Type):
    """An integer whose values lie in `range`."""

    def __init__(self, values: IntType) -> None:
        self.values = values
        super().__init__(str(values))

    @property
    def is_u64(self) -> bool:
        return self.values is U64

    @property
    def non_negative(self) -> bool:
        return self.values.minimum == 0

    def fits(self, other: IntType) -> bool:
        """Whether `other` holds every value of this type."""
        return other.minimum <= self.values.minimum and self.values.maximum <= other.maximum


class Lit(Int):
    """A constant of the source."""

    def __init__(self, value: int) -> None:
        smallest = next((t for t in _LADDER[1:] if t.holds(value)), None)
        if smallest is None:
            raise OverflowError(value)
        self.value = value
        types.Type.__init__(self, f"Lit({value})")
        self.values = smallest

    def fits(self, other: IntType) -> bool:
        return other.holds(self.value)


class Decision(types.Type):
    """An executor's index that is in range, PASS or DROP."""

    def __init__(self) -> None:
        super().__init__("Executor")


class InputType(types.Type):
    """The input of a policy at its hooks; none are known to a function that no policy calls."""

    def __init__(self, kind: Input, hooks: tuple[str, ...] = ()) -> None:
        self.kind, self.hooks = kind, hooks
        super().__init__(f"{kind.value} at {', '.join(hooks)}")


class View(types.Type):
    """A range of a packet's bytes by its name there: `payload`, or that of a header."""

    def __init__(self, source: str) -> None:
        self.source, self.header = source, HEADERS.get(source)
        super().__init__(f"View({source})")

    @property
    def longest(self) -> int:
        """How many bytes there can be."""
        return self.header.longest if self.header else MAX_PAYLOAD


class Bytes(types.Opaque):
    """A constant string of bytes."""

    def __init__(self, value: bytes) -> None:
        self.value = value
        super().__init__(f"Bytes({value!r})")


class MapRef(types.Opaque):
    """A declared map."""

    def __init__(self, spec: MapSpec) -> None:
        self.spec = spec
        super().__init__(f"{spec.kind.value}({spec.name})")

    @property
    def key(self) -> MapSpec:
        return self.spec


class StructRef(types.Opaque):
    """A declared struct, where its name is used."""

    def __init__(self, spec: StructType) -> None:
        self.spec = spec
        super().__init__(f"struct {spec.name}")

    @property
    def key(self) -> StructType:
        return self.spec


class Word(types.Opaque):
    """A string that names something in an operation: a field, a list of fields, a format."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(f"Word({text!r})")


class Record(types.Type):
    """The value of a struct; it never changes."""

    def __init__(self, spec: StructType) -> None:
        self.spec = spec
        super().__init__(f"Record({spec.name})")

    @property
    def key(self) -> StructType:
        return self.spec


class Vector(types.Type):
    """The value of an array inside a record."""

    def __init__(self, spec: ArrayType) -> None:
        self.spec = spec
        super().__init__(f"Vector({spec})")

    @property
    def key(self) -> ArrayType:
        return self.spec


class Place(types.Type):
    """Memory inside a value of a map: the whole value, or a part of it that is stored as `kind`.

    `maybe` says that a lookup gave it, and that it may be None.
    """

    def __init__(self, spec: MapSpec, kind: StoredType, maybe: bool = False) -> None:
        self.spec, self.kind, self.maybe = spec, kind, maybe
        super().__init__(f"{'Reference' if maybe else 'Place'}({spec.name}: {kind})")

    @property
    def key(self) -> tuple[MapSpec, StoredType, bool]:
        return self.spec, self.kind, self.maybe


class Group(types.Type):
    """The values that a helper function returns together."""

    def __init__(self, parts: tuple[types.Type, ...]) -> None:
        self.parts = parts
        super().__init__(f"Group({', '.join(map(str, parts))})")

    @property
    def key(self) -> tuple[types.Type, ...]:
        return self.parts


class HelperRef(types.Callable, types.Opaque):
    """A helper function of the policy file."""

    def __init__(self, name: str) -> None:
        self.helper = name
        super().__init__(f"function {name}")

    def get_call_type(self, context: Any, args: Any, kws: Any) -> Any:
        return context.resolve_function_type(self, args, kws)

    def get_call_signatures(self) -> tuple[tuple[()], bool]:
        return (), False

    def get_impl_key(self, _sig: Any) -> str:
        return "helper.call"


class Range(types.Type):
    """`range(...)` with constant bounds, and the iterator over it."""

    def __init__(self, values: range, iterating: bool = False) -> None:
        self.values, self.iterating = values, iterating
        super().__init__(f"{'iterator over ' if iterating else ''}{values}")

    @property
    def iterator_type(self) -> Range:
        return Range(self.values, iterating=True)

    @property
    def yield_type(self) -> Int:
        ends = (self.values[0], self.values[-1]) if self.values else (0,)
        return Int(next(t for t in _LADDER[1:] if all(map(t.holds, ends))))


class Constants(types.Type):
    """A tuple of integer constants that a loop goes over, and the iterator over it."""

    def __init__(self, values: tuple[int, ...], iterating: bool = False) -> None:
        self.values, self.iterating = values, iterating
        super().__init__(f"{'iterator over ' if iterating else ''}{values}")

    @property
    def iterator_type(self) -> Constants:
        return Constants(self.values, iterating=True)

    @property
    def yield_type(self) -> types.Type | None:
        """The type that holds all elements, if there is one."""
        found: types.Type | None = Lit(self.values[0]) if self.values else Int(U8)
        for value in self.values[1:]:
            found = None if found is None else join(found, Lit(value))
        return Int(found.values) if isinstance(found, Int) else found


class Capped(types.Type):
    """`syrup.range(n, max=...)`, and the iterator over it."""

    def __init__(self, limit: int, iterating: bool = False) -> None:
        self.limit, self.iterating = limit, iterating
        super().__init__(f"{'iterator over ' if iterating else ''}range of at most {limit}")

    @property
    def iterator_type(self) -> Capped:
        return Capped(self.limit, iterating=True)

    @property
    def yield_type(self) -> Int:
        return Int(next(t for t in _LADDER[1:] if t.minimum == 0 and t.holds(self.limit)))


class Intrinsic(types.Callable, types.Opaque):
    """An operation of the language by name: `map.get_item`, `cast.u32`, an operator, a built-in function."""

    def __init__(self, key: str) -> None:
        self.operation = key
        super().__init__(f"intrinsic {key}")

    def get_call_type(self, context: Any, args: Any, kws: Any) -> Any:
        return context.resolve_function_type(self, args, kws)

    def get_call_signatures(self) -> tuple[tuple[()], bool]:
        return (), False

    def get_impl_key(self, _sig: Any) -> str:
        return self.operation


class Method(types.BoundFunction):
    """A method of a value: `pkt.payload.u32`."""

    def __init__(self, operation: str, this: types.Type) -> None:
        self.operation, self.this = operation, this
        types.Type.__init__(self, f"{this}.{operation}")

    @property
    def key(self) -> tuple[str, types.Type, None]:
        return self.operation, self.this, None

    def get_impl_key(self, _sig: Any) -> str:
        return self.operation


DECISION: Final = Decision()
BOOLEAN: Final = types.boolean


def as_int(kind: types.Type) -> Int | None:
    """`kind` as an integer type, if it is one; Numba's own boolean counts as `Int(BOOL)`."""
    if kind == BOOLEAN:
        return Int(BOOL)
    return kind if isinstance(kind, Int) else None


_HOST: Final = {BE16: U16, BE32: U32, BE64: U64}


def integer(values: IntType) -> types.Type:
    """The type of a value that was read from storage of type `values`."""
    return BOOLEAN if values is BOOL else Int(_HOST.get(values, values))


def loaded(kind: StoredType) -> types.Type:
    """The type of the value that storage of this type holds."""
    match kind:
        case IntType():
            return integer(kind)
        case ArrayType():
            return Vector(kind)
        case StructType():
            return Record(kind)


def join(left: types.Type, right: types.Type) -> types.Type | None:
    """The type of a variable that is one or the other, or None."""
    if left == right:
        return left
    if DECISION in (left, right):
        other = right if left == DECISION else left
        return DECISION if as_int(other) else None
    if isinstance(left, Group) and isinstance(right, Group):
        return _join_groups(left, right)
    a, b = as_int(left), as_int(right)
    if a is None or b is None:
        return None
    return next((Int(t) for t in _LADDER[1:] if a.fits(t) and b.fits(t)), None)


def _join_groups(left: Group, right: Group) -> Group | None:
    if len(left.parts) != len(right.parts):
        return None
    parts = [join(a, b) for a, b in zip(left.parts, right.parts, strict=True)]
    known = tuple(p for p in parts if p is not None)
    return Group(known) if len(known) == len(parts) else None
