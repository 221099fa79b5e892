"""The entry point at the socket hook: asks the policy, selects the socket, counts the outcome.

What the kernel calls is a thin program around the policy, which is inlined into it. Where the policy decides, it
carries its decision out; whatever came of it, or wherever it faulted, is a slot of the program's counters. One place
counts all of them but DROP, which has another, because the kernel is told something else there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from llvmlite import ir

from syrupc.lower.code import I32, I64, call_helper, const, keep_apart
from syrupc.lower.debug import DebugInfo
from syrupc.lower.module import BYTE_POINTER
from syrupc.spec import DROP_SLOT, FIRST_EXECUTOR_SLOT

_LOOKUP: Final = 1
_SELECT_REUSEPORT: Final = 82

# enum sk_action
_SK_DROP: Final = 0
_SK_PASS: Final = 1


@dataclass(frozen=True)
class Entry:
    """A program to define: its name and section, the lowered policy, whether that ever says DROP, and its counters."""

    name: str
    section: str
    policy: ir.Function
    drops: bool
    counters: ir.GlobalVariable
    line: int


def emit_decide(name: str, executors: ir.GlobalVariable, module: ir.Module) -> ir.Function:
    """Define the function that carries a decision out, `slot name(context, decision...)`, to be inlined."""
    function = ir.Function(module, ir.FunctionType(I32, [BYTE_POINTER, I64, I64]), name)
    function.linkage = "internal"
    function.attributes.add("alwaysinline")
    context, index, if_dead = function.args
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    key = builder.alloca(I64)  # wider than the map's: of a whole stored register verifiers know the range
    with builder.if_then(builder.icmp_signed("<", index, const(0))):
        builder.ret(builder.trunc(builder.not_(index), I32))
    builder.store(index, key)
    pointers = [builder.bitcast(each, BYTE_POINTER) for each in (executors, key)]
    arguments = [context, *pointers, I64(0)]
    failed = builder.icmp_signed("!=", call_helper(builder, _SELECT_REUSEPORT, I64, arguments), const(0))
    with builder.if_then(failed, likely=False):
        keep_apart(builder)
        builder.ret(builder.trunc(if_dead, I32))
    builder.ret(builder.trunc(builder.add(index, const(FIRST_EXECUTOR_SLOT)), I32))
    return function


def emit_entry(entry: Entry, module: ir.Module, debug: DebugInfo) -> None:
    """Define the program."""
    program = ir.Function(module, ir.FunctionType(I32, [BYTE_POINTER]), entry.name)
    program.section = entry.section
    program.attributes.add("nounwind")  # there is nothing to unwind to, and so no unwind tables
    program.args[0].name = "ctx"
    scope = debug.program(program, entry.line)
    builder = ir.IRBuilder(program.append_basic_block("entry"))
    builder.debug_metadata = debug.location(scope, entry.line, 1)
    key = builder.alloca(I32)
    slot = builder.call(entry.policy, [entry.policy.args[0].type(None), program.args[0]])
    if entry.drops:
        with builder.if_then(builder.icmp_unsigned("==", slot, I32(DROP_SLOT))):
            _count(builder, entry.counters, key, I32(DROP_SLOT))
            keep_apart(builder)
            builder.ret(I32(_SK_DROP))
    _count(builder, entry.counters, key, slot)
    keep_apart(builder)
    builder.ret(I32(_SK_PASS))


def _count(builder: ir.IRBuilder, counters: ir.GlobalVariable, key: ir.Value, slot: ir.Value) -> None:
    arguments = [builder.bitcast(counters, BYTE_POINTER), _in_memory(builder, key, slot)]
    counter = call_helper(builder, _LOOKUP, BYTE_POINTER, arguments)
    with builder.if_then(builder.icmp_unsigned("!=", counter, BYTE_POINTER(None)), likely=True):
        cell = builder.bitcast(counter, I64.as_pointer())
        builder.store(builder.add(builder.load(cell), const(1)), cell)


def _in_memory(builder: ir.IRBuilder, place: ir.Value, key: ir.Value) -> ir.Value:
    """A 32-bit key in memory."""
    builder.store(key if key.type == I32 else builder.trunc(key, I32), place)
    return builder.bitcast(place, BYTE_POINTER)
