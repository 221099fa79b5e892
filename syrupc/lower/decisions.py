"""Decisions: an executor's index that is in range, PASS or DROP, as a number, and the fault that there may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from llvmlite import ir
from numba.core import types

from syrupc.diagnostics import Diagnostic
from syrupc.errors import CompileError
from syrupc.frontend.operands import describe
from syrupc.frontend.types import DECISION, Lit
from syrupc.lower.code import I64, Code, Lowering, const
from syrupc.spec import DROP_SLOT, PASS_SLOT, FaultKind

VALUE: Final = ir.LiteralStructType([I64, I64])
"""The executor's index, or below zero the complement of the counter slot of PASS or DROP; and the slot of the fault
that counts if the executor is dead."""

_SPECIAL: Final = {"syrup.PASS": PASS_SLOT, "syrup.DROP": DROP_SLOT}


def special(name: str) -> ir.Constant:
    """PASS or DROP, by its name in a normal form."""
    return ir.Constant(VALUE, [const(~_SPECIAL[name]), const(0)])


def decide(code: Code, value: Any, kind: types.Type) -> Any:
    """An integer becomes a decision: it must name one of the executors that there can be."""
    limit = code.state.module.target.max_executors
    if isinstance(kind, Lit) and not 0 <= kind.value < limit:
        raise CompileError(_no_such_executor(code, kind, limit))
    builder = code.builder
    index = code.opaque_index(value, kind)  # the check stays, for those who look only at the bytes
    if not isinstance(kind, Lit):
        code.fault_if(builder.icmp_unsigned(">=", index, const(limit)), FaultKind.NO_EXECUTOR)
    decision = builder.insert_value(ir.Constant(VALUE, ir.Undefined), index, 0)
    return builder.insert_value(decision, const(code.site(FaultKind.NO_EXECUTOR)), 1)


def _no_such_executor(code: Code, kind: Lit, limit: int) -> Diagnostic:
    help_line = "`return syrup.PASS` leaves the choice to the system, `return syrup.DROP` discards the input"
    return Diagnostic(
        "SYR202",
        f"{describe(kind)} names no executor",
        code.state.module.source.span(code.state.loc),
        notes=(f"executors are numbered 0 to {limit - 1}",),
        help=(help_line,),
    )


def _of(code: Code, signature: Any, values: list[ir.Value]) -> ir.Value:
    kind = signature.args[0]
    return values[0] if kind == DECISION else decide(code, values[0], kind)


LOWERINGS: Final[Mapping[str, Lowering]] = {"decision.of": _of}
