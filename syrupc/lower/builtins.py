"""Loops and the built-in functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from llvmlite import ir

from syrupc.lower.code import I1, I32, I64, Code, Lowering, const

_KTIME_GET_NS: Final = 5
_GET_PRANDOM_U32: Final = 7
_GET_SMP_PROCESSOR_ID: Final = 8


def _range(_code: Code, _signature: Any, _values: list[ir.Value]) -> ir.Value:
    return ir.Constant(ir.IntType(8).as_pointer(), None)  # the bounds are in the type


def _get_iterator(code: Code, signature: Any, _values: list[ir.Value]) -> ir.Value:
    """An iterator is the place that holds the next value."""
    slot = code.variable(I64)
    code.builder.store(const(signature.args[0].values.start), slot)
    return slot


def _next(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    builder = code.builder
    turns: range = signature.args[0].values
    current = builder.load(values[0])
    end = turns.start + len(turns) * turns.step
    more = builder.icmp_signed("<" if turns.step > 0 else ">", current, const(end))
    builder.store(builder.add(current, const(turns.step)), values[0])
    pair = ir.Constant(ir.LiteralStructType([I64, I1]), ir.Undefined)
    return builder.insert_value(builder.insert_value(pair, current, 0), more, 1)


def _random(code: Code, _signature: Any, _values: list[ir.Value]) -> ir.Value:
    return code.builder.zext(code.helper(_GET_PRANDOM_U32, I32, []), I64)


def _cpu(code: Code, _signature: Any, _values: list[ir.Value]) -> ir.Value:
    return code.builder.zext(code.helper(_GET_SMP_PROCESSOR_ID, I32, []), I64)


def _now_ns(code: Code, _signature: Any, _values: list[ir.Value]) -> ir.Value:
    return code.helper(_KTIME_GET_NS, I64, [])


LOWERINGS: Final[Mapping[str, Lowering]] = {
    "loop.range": _range,
    "getiter": _get_iterator,
    "iternext": _next,
    "syrup.random": _random,
    "syrup.cpu": _cpu,
    "syrup.now_ns": _now_ns,
}
