"""What typing rules say of operands: which types they are, how they fail, and what they are called in words."""

from __future__ import annotations

from typing import Any

from numba.core import types

from syrupc.frontend.types import (
    BOOLEAN,
    DECISION,
    Bytes,
    Group,
    HelperRef,
    InputType,
    Int,
    Lit,
    Method,
    Place,
    Record,
    StructRef,
    Vector,
    View,
    as_int,
    loaded,
)
from syrupc.spec import U64, ArrayType, IntType, StoredType, StructType


class TypeFailure(Exception):  # noqa: N818 -- becomes a diagnostic where the place is known
    """An operation that its operands do not fit.

    `operands` labels them, by position, in the diagnostic; `{0}` and so on in `help` stand for their source text, and
    `{self}` for that of the whole. `place` is where it shows, if that is not the operation's own place; `others` are
    further places with their words.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        operands: tuple[str, ...] = (),
        notes: tuple[str, ...] = (),
        help: tuple[str, ...] = (),
        place: Any = None,
        others: tuple[tuple[Any, str], ...] = (),
    ) -> None:
        super().__init__(message)
        self.place, self.others = place, others
        self.code, self.message, self.operands, self.notes, self.help = code, message, operands, notes, help


def describe(kind: types.Type) -> str:
    """A type in the words of the language."""
    match kind:
        case Lit(value=value):
            return f"the constant {value}"
        case Int(values=values):
            if values is U64:
                return "a u64"
            return "an int that cannot be negative" if values.minimum == 0 else "an int that may be negative"
        case _ if kind == BOOLEAN:
            return "a bool"
        case _ if kind == DECISION:
            return "a decision"
        case InputType(kind=source):
            return f"a {source.value}"
        case View(header=header):
            return f"the {header.title}" if header else "a view of bytes"
        case Bytes():
            return "a bytes constant"
        case Method():
            return "a method (call it)"
        case Record(spec=spec):
            return f"{'an' if spec.name[0] in 'AEIOU' else 'a'} {spec.name}"
        case Vector(spec=spec):
            return f"an array of {spec.count}"
        case Place(maybe=maybe, spec=table):
            return f"a reference into `{table.name}`" if maybe else f"a part of an entry of `{table.name}`"
        case StructRef(spec=spec):
            return f"the struct {spec.name}"
        case HelperRef(helper=name):
            return f"the function {name}"
        case Group(parts=parts):
            return f"{len(parts)} values"
        case _ if kind == types.none:
            return "nothing"
    return str(kind)


def described(kind: StoredType) -> str:
    """What storage holds, in the words of the language."""
    return describe(loaded(kind))


def operand(kind: types.Type, position: int, count: int) -> Int:
    number = as_int(kind)
    if number is None:
        labels = tuple(describe(kind) if i == position else "" for i in range(count))
        raise TypeFailure(
            "SYR203", f"{describe(kind)} is not an integer", operands=labels, help=instead(kind, f"{{{position}}}")
        )
    return number


def instead(kind: types.Type, spelt: str = "{self}") -> tuple[str, ...]:
    """What to write where a number is expected and a value of another type stands, which is `spelt` so."""
    match kind:
        case _ if kind == DECISION:
            return ("return it at once: `return syrup.PASS`; numbers are the indexes of executors",)
        case View(header=header) if header:
            return (f"take a field of it: `{spelt}.{header.fields[-1].name}`",)
        case InputType() | View():
            return ("read a number from it: `pkt.payload.u8(0)`, or take its length: `len(pkt.payload)`",)
        case Method():
            return (f"call it: `{spelt}(0)`",)
        case Record(spec=spec):
            return (f"take a field of it: `{spelt}.{spec.fields[0].name}`",)
        case Vector():
            return (f"take an element of it: `{spelt}[0]`",)
    return ()


def operands(*kinds: types.Type) -> tuple[Int, ...]:
    return tuple(operand(k, i, len(kinds)) for i, k in enumerate(kinds))


def require_mixable(left: Int, right: Int, at: tuple[int, int] = (0, 1)) -> None:
    """`u64` meets only what cannot be negative. `at` are the positions of the operands; a value that a map holds has
    none, which is -1."""
    if left.is_u64 == right.is_u64 or (left.non_negative and right.non_negative):
        return
    words = dict(zip(at, (describe(left), describe(right)), strict=True))
    (unsigned, signed), number = (at, right) if left.is_u64 else (at[::-1], left)
    help_lines = [f"`u64({{{signed}}})` if it cannot be negative here"] if not isinstance(number, Lit) else []
    help_lines += [f"`int({{{unsigned}}})` if it is below 2**63 here"] if unsigned >= 0 else []
    raise TypeFailure(
        "SYR201",
        "u64 meets a value that may be negative",
        operands=tuple(words.get(position, "") for position in range(max(at) + 1)),
        notes=("no 64-bit type holds both, so the result could not be what Python computes",),
        help=tuple(help_lines) or ("give a value that cannot be negative",),
    )


def _made(target: StoredType) -> str:
    if isinstance(target, StructType):
        given = ", ".join(f.name for f in target.fields if not isinstance(f.type, ArrayType))
        return f"make one: `{target.name}({given})`"
    return "store its elements one by one"


def require_storable(value: types.Type, target: StoredType, position: int, count: int) -> None:
    """A record is stored where its struct is declared; an integer wraps, and a literal must fit."""
    if not isinstance(target, IntType):
        if value != loaded(target):
            labels = tuple(describe(value) if i == position else "" for i in range(count))
            message = f"{describe(value)} where {described(target)} is stored"
            raise TypeFailure("SYR203", message, operands=labels, help=(_made(target),))
        return
    number = operand(value, position, count)
    if isinstance(number, Lit) and not target.holds(number.value):
        labels = tuple("" if i != position else f"does not fit {target}" for i in range(count))
        limits = f"{target} holds {target.minimum} to {target.maximum}"
        low = f"store what is left of it: `{target.wrap(number.value)}`, or declare a wider type"
        message = f"{number.value} does not fit {target}"
        raise TypeFailure("SYR202", message, operands=labels, notes=(limits,), help=(low,))
