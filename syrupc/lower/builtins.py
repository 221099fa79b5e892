"""Loops and the built-in functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, assert_never

from llvmlite import ir

from syrupc.frontend.types import BOOLEAN, Capped, Constants, Range, as_int
from syrupc.lower.code import I1, I32, I64, Code, Lowering, const
from syrupc.spec import FaultKind

_KTIME_GET_NS: Final = 5
_GET_PRANDOM_U32: Final = 7
_GET_SMP_PROCESSOR_ID: Final = 8


ITERATOR: Final = ir.LiteralStructType([I64, I64])
"""The next value, and the bound."""


def _no_value(_code: Code, _signature: Any, _values: list[ir.Value]) -> ir.Value:
    return ir.Constant(ir.IntType(8).as_pointer(), None)  # all that is known is in the type


def _capped(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    """The run-time bound; more turns than were declared are a fault."""
    kind, limit = signature.args[0], signature.args[1].value
    count = code.opaque(code.register(values[0], kind))
    number = as_int(kind)
    assert number is not None
    above = code.builder.icmp_unsigned if number.is_u64 else code.builder.icmp_signed
    code.fault_if(above(">", count, const(limit)), FaultKind.VALUE)
    return count


def _get_iterator(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    """An iterator is the place that holds the next value, and behind it the bound where that is known late."""
    slot = code.variable(ITERATOR)
    kind = signature.args[0]
    start = kind.values.start if isinstance(kind, Range) else 0
    code.builder.store(const(start), code.builder.gep(slot, [I32(0), I32(0)]))
    if isinstance(kind, Capped):
        code.builder.store(values[0], code.builder.gep(slot, [I32(0), I32(1)]))
    return slot


def _next(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    builder = code.builder
    kind = signature.args[0]
    place = builder.gep(values[0], [I32(0), I32(0)])
    current = builder.load(place)
    match kind:
        case Constants(values=elements):
            more, item, step = builder.icmp_signed("<", current, const(len(elements))), _element(code, kind, current), 1
        case Capped(limit=limit):
            stop = builder.load(builder.gep(values[0], [I32(0), I32(1)]))
            # The second bound never decides; by it verifiers see that the loop ends.
            within = builder.icmp_signed("<", current, const(limit))
            more, item, step = builder.and_(builder.icmp_signed("<", current, stop), within), current, 1
        case Range(values=turns):
            end = const(turns.start + len(turns) * turns.step)
            more, item, step = builder.icmp_signed("<" if turns.step > 0 else ">", current, end), current, turns.step
        case _:
            assert_never(kind)
    builder.store(builder.add(current, const(step)), place)
    pair = ir.Constant(ir.LiteralStructType([item.type, I1]), ir.Undefined)
    return builder.insert_value(builder.insert_value(pair, item, 0), more, 1)


def _element(code: Code, kind: Constants, index: ir.Value) -> ir.Value:
    """The element at an index, by comparisons: LLVM unrolls them away."""
    boolean = kind.yield_type == BOOLEAN
    found = (I1 if boolean else I64)(0)
    for position, value in enumerate(kind.values):
        here = code.builder.icmp_signed("==", index, const(position))
        found = code.select(here, I1(value) if boolean else const(value), found)
    return found


def _random(code: Code, _signature: Any, _values: list[ir.Value]) -> ir.Value:
    return code.builder.zext(code.helper(_GET_PRANDOM_U32, I32, []), I64)


def _cpu(code: Code, _signature: Any, _values: list[ir.Value]) -> ir.Value:
    return code.builder.zext(code.helper(_GET_SMP_PROCESSOR_ID, I32, []), I64)


def _now_ns(code: Code, _signature: Any, _values: list[ir.Value]) -> ir.Value:
    return code.helper(_KTIME_GET_NS, I64, [])


LOWERINGS: Final[Mapping[str, Lowering]] = {
    "loop.range": _no_value,
    "loop.constants": _no_value,
    "loop.capped": _capped,
    "getiter": _get_iterator,
    "iternext": _next,
    "syrup.random": _random,
    "syrup.cpu": _cpu,
    "syrup.now_ns": _now_ns,
}
