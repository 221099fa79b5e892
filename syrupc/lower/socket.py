"""The entry point at the socket hook: asks the policy, selects the socket, counts the outcome.

What the kernel calls is a thin program around the policy, which is inlined into it. Whatever the policy decided, or
wherever it faulted, is a slot of the program's counters; there is one place that counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from llvmlite import ir

from syrupc.lower import decisions
from syrupc.lower.code import I32, I64, call_helper, const
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
    """A program to define: its name and section, the lowered policy, whether that ever says DROP, and its maps."""

    name: str
    section: str
    policy: ir.Function
    drops: bool
    executors: ir.GlobalVariable
    counters: ir.GlobalVariable
    line: int


def emit_entry(entry: Entry, module: ir.Module, debug: DebugInfo) -> None:
    """Define the program."""
    program = ir.Function(module, ir.FunctionType(I32, [BYTE_POINTER]), entry.name)
    program.section = entry.section
    program.attributes.add("nounwind")  # there is nothing to unwind to, and so no unwind tables
    program.args[0].name = "ctx"
    scope = debug.program(program, entry.line)
    builder = ir.IRBuilder(program.append_basic_block("entry"))
    builder.debug_metadata = debug.location(scope, entry.line, 1)
    _Body(entry, builder).emit(program.args[0])


class _Body:
    """The blocks of one program."""

    def __init__(self, entry: Entry, builder: ir.IRBuilder) -> None:
        self.entry, self.builder = entry, builder
        # All stack slots come first: behind the inlined policy, they would not be in the entry block any more.
        self.decision = builder.alloca(decisions.VALUE)
        self.executor_key, self.counter_key = builder.alloca(I32), builder.alloca(I32)

    def emit(self, context: ir.Value) -> None:
        builder = self.builder
        status = builder.call(self.entry.policy, [self.decision, context])
        fault = builder.zext(status, I64)
        faulted = builder.block
        decided, select, count = (builder.append_basic_block(name) for name in ("decided", "select", "count"))
        builder.cbranch(builder.icmp_unsigned("==", status, I32(0)), decided, count)

        builder.position_at_end(decided)
        slot = builder.load(builder.gep(self.decision, [I32(0), I32(0)]))
        if_dead = builder.load(builder.gep(self.decision, [I32(0), I32(1)]))
        builder.cbranch(builder.icmp_unsigned("<", slot, const(FIRST_EXECUTOR_SLOT)), count, select)

        builder.position_at_end(select)
        chosen = self.select(context, builder.sub(slot, const(FIRST_EXECUTOR_SLOT)))
        served = builder.select(chosen, slot, if_dead)
        builder.branch(count)

        builder.position_at_end(count)
        outcome = builder.phi(I64)
        for value, block in ((fault, faulted), (slot, decided), (served, select)):
            outcome.add_incoming(value, block)
        self.count(outcome)
        builder.ret(self.verdict())

    def select(self, context: ir.Value, index: ir.Value) -> ir.Value:
        """Whether the socket at `index` was selected; it is not if the slot is empty."""
        executors = self.builder.bitcast(self.entry.executors, BYTE_POINTER)
        arguments = [context, executors, self.key(self.executor_key, index), I64(0)]
        return self.builder.icmp_signed("==", call_helper(self.builder, _SELECT_REUSEPORT, I64, arguments), const(0))

    def count(self, slot: ir.Value) -> None:
        builder = self.builder
        counters = builder.bitcast(self.entry.counters, BYTE_POINTER)
        counter = call_helper(builder, _LOOKUP, BYTE_POINTER, [counters, self.key(self.counter_key, slot)])
        with builder.if_then(builder.icmp_unsigned("!=", counter, BYTE_POINTER(None)), likely=True):
            cell = builder.bitcast(counter, I64.as_pointer())
            builder.store(builder.add(builder.load(cell), const(1)), cell)

    def verdict(self) -> ir.Value:
        """What the kernel is told. A policy that never says DROP never drops.

        The slot is read back from memory, where LLVM cannot follow it, so that the comparison stays: a verdict that
        was carried along could be spilled to half a stack slot, where old verifiers forget that it is 0 or 1.
        """
        if not self.entry.drops:
            return I32(_SK_PASS)
        dropped = self.builder.icmp_unsigned("==", self.builder.load(self.counter_key), I32(DROP_SLOT))
        return self.builder.select(dropped, I32(_SK_DROP), I32(_SK_PASS))

    def key(self, place: ir.Value, index: ir.Value) -> ir.Value:
        """A 32-bit key in memory."""
        self.builder.store(self.builder.trunc(index, I32), place)
        return self.builder.bitcast(place, BYTE_POINTER)
