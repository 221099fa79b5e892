"""The integers of the language, as Python values: 64 bits that wrap, of type `int` or `u64`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Final

from syrupc.spec import INT, U64


class Num(int):
    """A value of the language: `int` (signed, 64 bits), or `u64` if `unsigned`."""

    unsigned: bool

    def __new__(cls, value: int, unsigned: bool | None = None) -> Num:
        if unsigned is None:
            unsigned = is_unsigned(value)
        number = super().__new__(cls, (U64 if unsigned else INT).wrap(int(value)))
        number.unsigned = unsigned
        return number


def is_unsigned(*values: int) -> bool:
    """Whether operands make a u64: where one of them is one."""
    return any(v.unsigned if isinstance(v, Num) else v > INT.maximum for v in values)


_Method = Callable[..., Num]


def _operation(compute: Callable[[int, int], int], unsigned: Callable[[int, int], bool]) -> tuple[_Method, _Method]:
    """An operation, and the same with its operands the other way round; `unsigned` tells whether it gives a u64."""

    def forward(left: int, right: int) -> Num:
        return Num(compute(int(left), int(right)), unsigned(left, right))

    return forward, lambda right, left: forward(left, right)


def _shift_left(value: int, count: int) -> int:
    if count < 0:
        raise ValueError("negative shift count")
    return value << count if count < 64 else 0


def _shift_right(value: int, count: int) -> int:
    if count < 0:
        raise ValueError("negative shift count")
    return value >> min(count, 64)


_BOTH: Final = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "or": operator.or_,
    "xor": operator.xor,
}
_NARROWING: Final = {"mod": operator.mod, "and": operator.and_}
_FIRST: Final = {"floordiv": operator.floordiv, "lshift": _shift_left, "rshift": _shift_right, "pow": operator.pow}
_UNARY: Final = {"neg": operator.neg, "invert": operator.invert, "pos": operator.pos, "abs": operator.abs}


def _define() -> None:
    for table, unsigned in (
        (_BOTH, is_unsigned),
        (_NARROWING, lambda left, right: is_unsigned(left) and is_unsigned(right)),
        (_FIRST, lambda left, _right: is_unsigned(left)),
    ):
        for name, compute in table.items():
            forward, reflected = _operation(compute, unsigned)
            setattr(Num, f"__{name}__", forward)
            setattr(Num, f"__r{name}__", reflected)
    for name, unary in _UNARY.items():
        setattr(Num, f"__{name}__", lambda v, unary=unary: Num(unary(int(v)), is_unsigned(v)))


_define()


def least(*values: int) -> Num:
    return Num(min(map(int, values)), is_unsigned(*values))


def greatest(*values: int) -> Num:
    return Num(max(map(int, values)), is_unsigned(*values))
