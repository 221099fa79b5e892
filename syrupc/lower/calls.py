"""Calls of helper functions: a status, and the result through a pointer; a fault in there is a fault of the caller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from llvmlite import ir

from syrupc.frontend.types import BOOLEAN
from syrupc.lower.code import I1, I8, I32, Code, Lowering

REGISTERS: Final = 5
"""How many arguments a BPF function takes."""


def _call(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value | None:
    function = code.state.helpers[code.state.callee, tuple(signature.args)]
    result = code.variable(function.args[0].type.pointee)
    arguments = [code.builder.zext(v, I8) if v.type == I1 else v for v in values]  # a bool crosses as a byte
    status = code.builder.call(function, [result, *arguments])
    with code.builder.if_then(code.builder.icmp_unsigned("!=", status, I32(0)), likely=False):
        code.builder.ret(status)
    value = code.builder.load(result)
    return code.builder.trunc(value, I1) if signature.return_type == BOOLEAN else value


LOWERINGS: Final[Mapping[str, Lowering]] = {"helper.call": _call}
