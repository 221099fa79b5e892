"""The entry point at the socket hook: asks the policy, selects the socket, counts the outcome.

What the kernel calls is a thin program around the policy, which is inlined into it. Whatever the policy decided, or
wherever it faulted, is a slot of the program's counters; there is one place that counts.
"""

from __future__ import annotations

from typing import Final

from llvmlite import ir

from syrupc.lower import decisions
from syrupc.lower.code import I32, I64, const
from syrupc.lower.debug import DebugInfo
from syrupc.lower.module import BYTE_POINTER
from syrupc.spec import DROP_SLOT, FIRST_EXECUTOR_SLOT

_LOOKUP: Final = 1
_SELECT_REUSEPORT: Final = 82

# enum sk_action
_SK_DROP: Final = 0
_SK_PASS: Final = 1


def emit_entry(
    module: ir.Module,
    debug: DebugInfo,
    policy: ir.Function,
    name: str,
    section: str,
    executors: ir.GlobalVariable,
    counters: ir.GlobalVariable,
    line: int,
) -> None:
    """Define the program `name` in `section` around the lowered `policy`."""
    program = ir.Function(module, ir.FunctionType(I32, [BYTE_POINTER]), name)
    program.section = section
    program.attributes.add("nounwind")  # there is nothing to unwind to, and so no unwind tables
    program.args[0].name = "ctx"
    scope = debug.program(program, line)
    builder = ir.IRBuilder(program.append_basic_block("entry"))
    builder.debug_metadata = debug.location(scope, line, 1)
    context = program.args[0]

    # All stack slots come first: behind the inlined policy, they would not be in the entry block any more.
    decision, executor_key, counter_key = builder.alloca(decisions.VALUE), builder.alloca(I32), builder.alloca(I32)
    status = builder.call(policy, [decision, context])
    decided = program.append_basic_block("decided")
    select = program.append_basic_block("select")
    count = program.append_basic_block("count")
    faulted = builder.block
    builder.cbranch(builder.icmp_unsigned("==", status, I32(0)), decided, count)

    builder.position_at_end(decided)
    slot = builder.load(builder.gep(decision, [I32(0), I32(0)]))
    if_dead = builder.load(builder.gep(decision, [I32(0), I32(1)]))
    verdict = builder.select(builder.icmp_unsigned("==", slot, const(DROP_SLOT)), I32(_SK_DROP), I32(_SK_PASS))
    special = builder.icmp_unsigned("<", slot, const(FIRST_EXECUTOR_SLOT))
    builder.cbranch(special, count, select)

    builder.position_at_end(select)
    chosen = _select(builder, context, executors, executor_key, builder.sub(slot, const(FIRST_EXECUTOR_SLOT)))
    counted = builder.select(chosen, slot, if_dead)
    builder.branch(count)

    builder.position_at_end(count)
    result, final = builder.phi(I32), builder.phi(I64)
    for block, value, where in (
        (faulted, I32(_SK_PASS), None),
        (decided, verdict, slot),
        (select, I32(_SK_PASS), counted),
    ):
        result.add_incoming(value, block)
        if where is not None:
            final.add_incoming(where, block)
    with builder.goto_block(faulted):
        final.add_incoming(builder.zext(status, I64), faulted)
    _count(builder, counters, counter_key, final)
    builder.ret(result)


def _select(
    builder: ir.IRBuilder, context: ir.Value, executors: ir.Value, place: ir.Value, index: ir.Value
) -> ir.Value:
    """Whether the socket at `index` was selected; it is not if the slot is empty."""
    arguments = [context, builder.bitcast(executors, BYTE_POINTER), _key(builder, place, index), I64(0)]
    return builder.icmp_signed("==", _helper(builder, _SELECT_REUSEPORT, I64, arguments), const(0))


def _count(builder: ir.IRBuilder, counters: ir.Value, place: ir.Value, slot: ir.Value) -> None:
    counter = _helper(
        builder, _LOOKUP, BYTE_POINTER, [builder.bitcast(counters, BYTE_POINTER), _key(builder, place, slot)]
    )
    with builder.if_then(builder.icmp_unsigned("!=", counter, BYTE_POINTER(None)), likely=True):
        cell = builder.bitcast(counter, I64.as_pointer())
        builder.store(builder.add(builder.load(cell), const(1)), cell)


def _key(builder: ir.IRBuilder, place: ir.Value, index: ir.Value) -> ir.Value:
    """A 32-bit key in memory."""
    builder.store(builder.trunc(index, I32), place)
    return builder.bitcast(place, BYTE_POINTER)


def _helper(builder: ir.IRBuilder, number: int, result: ir.Type, arguments: list[ir.Value]) -> ir.Value:
    kind = ir.FunctionType(result, [a.type for a in arguments])
    return builder.call(builder.inttoptr(I64(number), kind.as_pointer()), arguments)
