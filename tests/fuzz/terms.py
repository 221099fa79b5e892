"""Terms of generated policies: source text with the type that the language gives it.

The rules are written down here a second time, apart from the compiler's: a policy whose types they find right must
compile.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

from syrupc.spec import STORED_TYPES


class Kind(enum.Enum):
    """The types of values. A variable of kind `SIGNED` may hold any `int`, and one of kind `WIDE` holds only u64."""

    BIT = "a bool"
    NATURAL = "an int that cannot be negative"
    SIGNED = "an int that may be negative"
    WIDE = "a u64"


ANY: Final = tuple(Kind)
NON_NEGATIVE: Final = (Kind.BIT, Kind.NATURAL)
INTS: Final = (Kind.BIT, Kind.NATURAL, Kind.SIGNED)
UNSIGNED: Final = (Kind.BIT, Kind.NATURAL, Kind.WIDE)
WIDE: Final = (Kind.WIDE,)

STORAGE: Final = {
    **dict.fromkeys(("u8", "u16", "u32"), Kind.NATURAL),
    **dict.fromkeys(("i8", "i16", "i32", "int"), Kind.SIGNED),
    "bool": Kind.BIT,
    "u64": Kind.WIDE,
}
"""Type in a declaration, or cast -> what is read from it."""

LAID: Final = STORAGE | {"be16": Kind.NATURAL, "be32": Kind.NATURAL, "be64": Kind.WIDE}
"""Type of a field, a key or a value -> what is read from it."""

READS: Final = {
    **dict.fromkeys(("u8", "u16", "u32", "be16", "be32"), Kind.NATURAL),
    **dict.fromkeys(("u64", "be64"), Kind.WIDE),
}
"""Method of a packet's view -> what it gives."""


@dataclass(frozen=True, slots=True)
class Term:
    """`literals` are the constants that the compiler may take it for (then they must fit where it goes); a `constant`
    is one for certain, and what is made of constants alone is computed exactly, beyond 64 bits too.
    """

    text: str
    kind: Kind
    literals: frozenset[int] = frozenset()
    constant: bool = False

    def within(self, low: int, high: int) -> bool:
        return all(low <= value <= high for value in self.literals)


def constant(value: int) -> Term:
    return Term(str(value) if value >= 0 else f"({value})", kind_of(value), frozenset((value,)), True)


def kind_of(value: int) -> Kind:
    if value < 0:
        return Kind.SIGNED
    return Kind.NATURAL if value < 1 << 63 else Kind.WIDE


def fits(value: int, type_name: str) -> bool:
    return STORED_TYPES[type_name].holds(value)


def mixable(kind: Kind) -> tuple[Kind, ...]:
    """What an operand of this kind meets: `u64` meets only what cannot be negative."""
    return {Kind.WIDE: UNSIGNED, Kind.SIGNED: INTS}.get(kind, ANY)


def joined(*kinds: Kind) -> Kind:
    """What is one or the other."""
    for kind in (Kind.WIDE, Kind.SIGNED, Kind.NATURAL):
        if kind in kinds:
            return kind
    return Kind.BIT


def arithmetic(operator: str, left: Kind, right: Kind) -> Kind:
    """What two mixable operands give."""
    natural = left in NON_NEGATIVE, right in NON_NEGATIVE
    wide = left is Kind.WIDE, right is Kind.WIDE
    match operator:
        case "<<" | ">>" | "**":
            return Kind.NATURAL if left is Kind.BIT else left
        case "&" | "|" | "^" if left is right is Kind.BIT:
            return Kind.BIT
        case "//" if any(wide):  # no more than what is divided
            return Kind.WIDE if wide[0] else Kind.NATURAL
        case "&" | "%" if any(wide):  # no more than the smaller operand, or than the divisor
            return Kind.WIDE if all(wide) else Kind.NATURAL
        case _ if any(wide):
            return Kind.WIDE
        case "-":
            return Kind.SIGNED
        case "%":
            return Kind.NATURAL if natural[1] else Kind.SIGNED
        case "&":
            return Kind.NATURAL if any(natural) else Kind.SIGNED
    return Kind.NATURAL if all(natural) else Kind.SIGNED
