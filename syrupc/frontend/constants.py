"""Compile-time constants: which module-level names are, and what constant expressions come to.

Nothing of a policy file is ever executed: constants are evaluated here, over the tree, with Python's own arithmetic on
integers of bounded size.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Final

from syrupc.spec import INT_TYPES, IntType

Constant = int | bool | bytes | tuple["Constant", ...]

# Far beyond any value that a policy can hold, and small enough that no expression takes long to evaluate.
_MAX_BITS = 256


class NotConstant(Exception):  # noqa: N818 -- an answer, not an error
    """The expression has no value at compile time; `reason` says why, `node` where."""

    def __init__(self, node: ast.expr, reason: str) -> None:
        super().__init__(reason)
        self.node, self.reason = node, reason


_BINARY: Final[Mapping[type[ast.operator], Callable[[int, int], int]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.Pow: operator.pow,
}

_UNARY: Final[Mapping[type[ast.unaryop], Callable[[int], int]]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
    ast.Not: operator.not_,
}


def evaluate(node: ast.expr, known: Mapping[str, Constant], casts: Mapping[str, str]) -> Constant:
    """The value of a constant expression; raises `NotConstant`.

    `known` gives the values of names; `casts` maps the spelling of a callee (`u32`, `syrup.u32`) to an integer type.
    """
    match node:
        case ast.Constant(value=bool() | int() as value):
            return _bounded(node, value)
        case ast.Constant(value=bytes() as value):
            return value
        case ast.Name(id=name):
            if name in known:
                return known[name]
            raise NotConstant(node, f"`{name}` is not a compile-time constant")
        case ast.Attribute() if ast.unparse(node) in known:  # a member of an enumeration
            return known[ast.unparse(node)]
        case ast.Tuple(elts=elements):
            return tuple(evaluate(e, known, casts) for e in elements)
        case ast.Subscript(value=value, slice=index) if not isinstance(index, ast.Slice):
            return _element(node, evaluate(value, known, casts), _integer(index, known, casts))
        case ast.UnaryOp(op=op, operand=operand):
            return _bounded(node, _UNARY[type(op)](_integer(operand, known, casts)))
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _binary(node, op, _integer(left, known, casts), _integer(right, known, casts))
        case ast.Call(func=func, args=[argument], keywords=[]) if ast.unparse(func) in casts:
            return _cast(node, INT_TYPES[casts[ast.unparse(func)]], _integer(argument, known, casts))
    raise NotConstant(node, "not a constant expression")


def _element(node: ast.expr, values: Constant, index: int) -> Constant:
    if not isinstance(values, tuple):
        raise NotConstant(node, "only a tuple of constants is indexed")
    if not -len(values) <= index < len(values):
        raise NotConstant(node, f"{index} is no index of a tuple of {len(values)}")
    return values[index]


def _integer(node: ast.expr, known: Mapping[str, Constant], casts: Mapping[str, str]) -> int:
    value = evaluate(node, known, casts)
    if not isinstance(value, int):
        what = "a tuple" if isinstance(value, tuple) else "a bytes constant"
        raise NotConstant(node, f"{what} cannot be an operand")
    return value


def _cast(node: ast.expr, kind: IntType, value: int) -> int:
    if not kind.holds(value):
        raise NotConstant(node, f"{value} does not fit `{kind}`")
    return value


def _binary(node: ast.expr, op: ast.operator, left: int, right: int) -> int:
    if isinstance(op, ast.FloorDiv | ast.Mod) and right == 0:
        raise NotConstant(node, "division by zero")
    if isinstance(op, ast.LShift | ast.RShift | ast.Pow) and not 0 <= right <= _MAX_BITS:
        raise NotConstant(node, f"the right operand must be between 0 and {_MAX_BITS}")
    if isinstance(op, ast.Pow) and left.bit_length() * right > 4 * _MAX_BITS:
        raise NotConstant(node, f"the value has more than {_MAX_BITS} bits")
    return _bounded(node, _BINARY[type(op)](left, right))


def _bounded(node: ast.expr, value: int) -> int:
    if value.bit_length() > _MAX_BITS:
        raise NotConstant(node, f"the value has more than {_MAX_BITS} bits")
    return value
