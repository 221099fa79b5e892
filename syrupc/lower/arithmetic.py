"""Integers: every operator gives what Python gives, modulo 2**64.

Division is unsigned in the machine code, with the signs put right around it: instruction sets before v4 have no signed
division, and so all kernels compute the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from llvmlite import ir
from numba.core.typing import Signature

from syrupc.frontend.rules import COMPARISONS
from syrupc.frontend.types import BOOLEAN, Int, Lit, as_int
from syrupc.lower.code import I1, Code, Lowering, const
from syrupc.spec import INT_TYPES, U32, FaultKind, IntType


def _kinds(signature: Any) -> list[Int]:
    kinds = [as_int(k) for k in signature.args]
    assert all(k is not None for k in kinds)
    return [k for k in kinds if k is not None]


def _registers(code: Code, signature: Any, values: list[ir.Value]) -> list[ir.Value]:
    return [code.register(v, k) for v, k in zip(values, signature.args, strict=True)]


def _surely_unsigned(kind: Int) -> bool:
    """Whether the register, read as unsigned, is the value. (A 64-bit `int` sum of non-negatives may have wrapped.)"""
    return kind.is_u64 or kind.fits(U32) or (isinstance(kind, Lit) and kind.value >= 0)


# -- sums and bits -----------------------------------------------------------------------------------------------------


def _plain(opcode: str) -> Lowering:
    def lowering(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
        return getattr(code.builder, opcode)(*_registers(code, signature, values))

    return lowering


def _bits(opcode: str) -> Lowering:
    plain = _plain(opcode)

    def lowering(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value | None:
        if signature.return_type == BOOLEAN:
            return getattr(code.builder, opcode)(*map(code.bit, values))
        return plain(code, signature, values)

    return lowering


def _negate(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    return code.builder.sub(const(0), *_registers(code, signature, values))


def _invert(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    return code.builder.xor(*_registers(code, signature, values), const(-1))


def _plus(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    return _registers(code, signature, values)[0]


def _power(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    exponent = signature.args[1].value
    square, result = _registers(code, signature, values)[0], const(1)
    while exponent:
        if exponent & 1:
            result = code.builder.mul(result, square)
        square = code.builder.mul(square, square)
        exponent >>= 1
    return result


# -- division ----------------------------------------------------------------------------------------------------------


def _division(quotient: bool) -> Lowering:
    def lowering(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
        kinds = _kinds(signature)
        a, b = _registers(code, signature, values)
        if not (isinstance(kinds[1], Lit) and kinds[1].value):
            code.fault_if(code.builder.icmp_signed("==", b, const(0)), FaultKind.ZERO_DIVISION)
        unsigned = any(k.is_u64 for k in kinds) or all(map(_surely_unsigned, kinds))
        if unsigned:
            return code.builder.udiv(a, b) if quotient else code.builder.urem(a, b)
        return (_floor_quotient if quotient else _floor_remainder)(code, a, b)

    return lowering


def _floor_quotient(code: Code, a: ir.Value, b: ir.Value) -> ir.Value:
    builder = code.builder
    size_a, size_b = _magnitude(code, a), _magnitude(code, b)
    quotient = builder.udiv(size_a, size_b)
    inexact = builder.icmp_unsigned("!=", builder.urem(size_a, size_b), const(0))
    # Signs differ: -(q) if it divides evenly, one below otherwise.
    below = builder.sub(builder.sub(const(0), quotient), code.select(inexact, const(1), const(0)))
    return code.select(_signs_differ(code, a, b), below, quotient)


def _floor_remainder(code: Code, a: ir.Value, b: ir.Value) -> ir.Value:
    builder = code.builder
    remainder = builder.urem(_magnitude(code, a), _magnitude(code, b))
    truncated = code.select(_negative(code, a), builder.sub(const(0), remainder), remainder)
    uneven = builder.icmp_unsigned("!=", remainder, const(0))
    toward = builder.and_(uneven, _signs_differ(code, a, b))
    return code.select(toward, builder.add(truncated, b), truncated)


def _magnitude(code: Code, value: ir.Value) -> ir.Value:
    return code.select(_negative(code, value), code.builder.sub(const(0), value), value)


def _negative(code: Code, value: ir.Value) -> ir.Value:
    return code.builder.icmp_signed("<", value, const(0))


def _signs_differ(code: Code, a: ir.Value, b: ir.Value) -> ir.Value:
    return _negative(code, code.builder.xor(a, b))


# -- shifts ------------------------------------------------------------------------------------------------------------


def _shift(left: bool) -> Lowering:
    def lowering(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
        builder = code.builder
        value_kind, count_kind = _kinds(signature)
        value, count = _registers(code, signature, values)
        if not _surely_unsigned(count_kind):
            code.fault_if(_negative(code, count), FaultKind.VALUE)
        within = builder.icmp_unsigned("<", count, const(64))
        # LLVM's shifts are undefined from the width on: keep the count below it in every case.
        safe = code.select(within, count, const(63))
        if left:
            return code.select(within, builder.shl(value, safe), const(0))
        if value_kind.is_u64:
            return code.select(within, builder.lshr(value, safe), const(0))
        return builder.ashr(value, safe)

    return lowering


# -- comparisons -------------------------------------------------------------------------------------------------------

_SYMBOLS: Final = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_MIRRORED: Final = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _comparison(name: str) -> Lowering:
    symbol = _SYMBOLS[name]

    def lowering(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
        left, right = _kinds(signature)
        a, b = _registers(code, signature, values)
        if not left.is_u64 and not right.is_u64:
            return code.builder.icmp_signed(symbol, a, b)
        if _surely_unsigned(left) and _surely_unsigned(right):
            return code.builder.icmp_unsigned(symbol, a, b)
        if left.is_u64:
            return _compare_mixed(code, symbol, a, b)
        return _compare_mixed(code, _MIRRORED[symbol], b, a)

    return lowering


def _compare_mixed(code: Code, symbol: str, unsigned: ir.Value, signed: ir.Value) -> ir.Value:
    """A u64 against an int that may be negative: a negative one is below every u64."""
    builder = code.builder
    negative = _negative(code, signed)
    compared = builder.icmp_unsigned(symbol, unsigned, signed)
    if symbol in ("!=", ">", ">="):
        return builder.or_(negative, compared)
    return builder.and_(builder.not_(negative), compared)


def _choose(lesser: bool) -> Lowering:
    less = _comparison("lt")

    def lowering(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
        a, b = _registers(code, signature, values)
        # Of equal values Python takes the first, which is the same.
        first = less(code, signature, values)
        return code.select(first, a, b) if lesser else code.select(first, b, a)

    return lowering


def _absolute(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    (value,) = _registers(code, signature, values)
    return value if _kinds(signature)[0].is_u64 else _magnitude(code, value)


def _among(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    equal = _comparison("eq")
    found: ir.Value = I1(0)
    for kind, value in zip(signature.args[1:], values[1:], strict=True):
        pair = Signature(BOOLEAN, (signature.args[0], kind), None)
        found = code.builder.or_(found, equal(code, pair, [values[0], value]))
    return found


def _within(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    """Membership in a range of constants: between its ends, and on a step."""
    turns = range(*(kind.value for kind in signature.args[1:]))
    if not turns:
        return I1(0)
    low, high = min(turns[0], turns[-1]), max(turns[0], turns[-1])
    kind, value = signature.args[0], values[0]
    least = _comparison("ge")(code, Signature(BOOLEAN, (kind, Lit(low)), None), [value, const(low)])
    most = _comparison("le")(code, Signature(BOOLEAN, (kind, Lit(high)), None), [value, const(high)])
    inside = code.builder.and_(least, most)
    distance = code.builder.sub(code.register(value, kind), const(low))
    on_step = code.builder.icmp_unsigned("==", code.builder.urem(distance, const(abs(turns.step))), const(0))
    return code.builder.and_(inside, on_step)


def _holds(code: Code, signature: Any, values: list[ir.Value]) -> None:
    code.fault_if(code.builder.not_(code.truth(values[0], signature.args[0])), FaultKind.ASSERTION)


# -- conversions -------------------------------------------------------------------------------------------------------


def _truth(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    return code.truth(values[0], signature.args[0])


def _not(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    return code.builder.not_(code.truth(values[0], signature.args[0]))


def _cast(target: IntType) -> Lowering:
    def lowering(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
        return code.from_storage(code.to_storage(values[0], signature.args[0], target), target)

    return lowering


def _same(_code: Code, _signature: Any, values: list[ir.Value]) -> ir.Value:
    return values[0]


def fits(code: Code, value: ir.Value, kind: Int, target: IntType) -> ir.Value | None:
    """Whether a value is one that `target` holds; None if its type says so already."""
    if kind.fits(target):
        return None
    builder = code.builder
    if target.size == 8:
        # The same 64 bits: only the sign can be wrong, on one side or the other.
        return builder.icmp_signed(">=", value, const(0))
    if target.bits == 1:
        return builder.icmp_unsigned("<=", value, const(1))
    narrow = builder.trunc(value, ir.IntType(target.bits))
    same = builder.icmp_signed("==", code.from_storage(narrow, target), value)
    if kind.is_u64 and target.signed:
        return builder.and_(same, builder.icmp_signed(">=", value, const(0)))
    return same


LOWERINGS: Final[Mapping[str, Lowering]] = {
    "operator.add": _plain("add"),
    "operator.sub": _plain("sub"),
    "operator.mul": _plain("mul"),
    "operator.floordiv": _division(quotient=True),
    "operator.mod": _division(quotient=False),
    "operator.and_": _bits("and_"),
    "operator.or_": _bits("or_"),
    "operator.xor": _bits("xor"),
    "operator.lshift": _shift(left=True),
    "operator.rshift": _shift(left=False),
    "operator.pow": _power,
    "operator.neg": _negate,
    "operator.pos": _plus,
    "operator.invert": _invert,
    "operator.not_": _not,
    **{f"operator.{name}": _comparison(name) for name in COMPARISONS},
    "bool": _truth,
    "int.min": _choose(lesser=True),
    "int.max": _choose(lesser=False),
    "int.abs": _absolute,
    "int.among": _among,
    "int.within": _within,
    "check.holds": _holds,
    **{f"cast.{name}": _cast(values) for name, values in INT_TYPES.items()},
    **{f"annotated.{name}": _same for name in INT_TYPES},
}
