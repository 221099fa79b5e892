"""What the lowering of an operation works with: the builder, the place in the source, faults, helpers, conversions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from llvmlite import ir
from numba.core import types

from syrupc.frontend.bytecode import Place
from syrupc.frontend.types import BOOLEAN, Lit
from syrupc.lower.module import BYTE_POINTER, FaultTable, ModuleBuilder
from syrupc.spec import BOOL, FaultKind, IntType

I1: Final = ir.IntType(1)
I8: Final = ir.IntType(8)
I32: Final = ir.IntType(32)
I64: Final = ir.IntType(64)


def const(value: int) -> ir.Constant:
    """A 64-bit constant."""
    return I64(value & ((1 << 64) - 1))


def call_helper(builder: ir.IRBuilder, number: int, result: ir.Type, arguments: list[ir.Value]) -> ir.Value:
    """Call a kernel helper by number."""
    kind = ir.FunctionType(result, [a.type for a in arguments])
    return builder.call(builder.inttoptr(I64(number), kind.as_pointer()), arguments)


class _VolatileLoad(ir.LoadInstr):
    """llvmlite has no word for it."""

    def descr(self, buf: list[str]) -> None:
        super().descr(buf)
        buf[-1] = buf[-1].replace("load", "load volatile", 1)


class _VolatileStore(ir.StoreInstr):
    def descr(self, buf: list[str]) -> None:
        super().descr(buf)
        buf[-1] = buf[-1].replace("store", "store volatile", 1)


def keep_apart(builder: ir.IRBuilder) -> None:
    """Have LLVM leave the end of this block where it is.

    It merges blocks that end alike, and what still tells them apart is then set before the branches that lead there: an
    instruction also on the ways that do not.
    """
    builder.asm(ir.FunctionType(ir.VoidType(), []), "", "", [], side_effect=True)


@dataclass
class FunctionState:
    """What the operations of one function share.

    `decide` carries out the decision that a policy's own function ends with. `loc` is the place of the operation that
    is being lowered, `callee` the helper function that it calls, if it calls one. `context` is what the function has of
    the kernel's context: the argument that is a packet, or a view of one.
    """

    module: ModuleBuilder
    faults: FaultTable
    maps: Mapping[str, ir.GlobalVariable]
    helpers: Mapping[tuple[str, tuple[Any, ...]], ir.Function]
    decide: ir.Function | None = None
    loc: Any = None
    callee: str = ""
    context: ir.Value | None = None
    _entry_values: dict[str, ir.Value] = field(default_factory=dict)


@dataclass(frozen=True)
class Code:
    """The point in a function where an operation is being lowered."""

    builder: ir.IRBuilder
    state: FunctionState

    # -- faults --------------------------------------------------------------------------------------------------------

    def site(self, kind: FaultKind) -> int:
        """The counter slot of a fault of this kind at this place."""
        loc = self.state.loc
        if not isinstance(loc, Place):
            return self.state.faults.slot(kind, loc.line, 1)
        column = self.state.module.source.column(loc.lineno, loc.col_offset)
        return self.state.faults.slot(kind, loc.lineno, column)

    def fault_if(self, condition: ir.Value, kind: FaultKind) -> None:
        """Where Python would raise: the function ends with the slot of the site's counter as its status."""
        with self.builder.if_then(condition, likely=False):
            keep_apart(self.builder)
            self.builder.ret(I32(self.site(kind)))

    # -- control flow --------------------------------------------------------------------------------------------------

    @contextmanager
    def choose(self, condition: ir.Value, likely: bool | None = None) -> Iterator[tuple[Any, Any]]:
        with self.builder.if_else(condition, likely) as both:
            yield both

    def select(self, condition: ir.Value, yes: ir.Value, no: ir.Value) -> ir.Value:
        return self.builder.select(condition, yes, no)

    # -- memory --------------------------------------------------------------------------------------------------------

    def slot(self, role: str, kind: ir.Type) -> ir.Value:
        """A place on the stack for what a helper reads or writes; operations share it, one after the other.

        BPF has 512 bytes of stack, and a policy may look up many keys.
        """
        return self.on_entry(f"{role} {kind}", lambda builder: builder.alloca(kind))

    def bytes_slot(self, role: str, size: int) -> ir.Value:
        """Such a place for so many bytes, on a multiple of 8."""
        return self.builder.bitcast(self.slot_of(role, size), BYTE_POINTER)

    def slot_of(self, role: str, size: int) -> ir.Value:
        """The same as the words that it is made of."""
        words = -(-size // 8)
        return self.slot(role, I64 if words == 1 else ir.ArrayType(I64, words))

    def variable(self, kind: ir.Type) -> ir.Value:
        """A place of its own, which LLVM turns into a register."""
        with self.builder.goto_entry_block():
            return self.builder.alloca(kind)

    def on_entry(self, name: str, make: Callable[[ir.IRBuilder], ir.Value]) -> ir.Value:
        """A value that is computed once, when the function is entered."""
        known = self.state._entry_values
        if name not in known:
            with self.builder.goto_entry_block():
                known[name] = make(self.builder)
        return known[name]

    def load_volatile(self, pointer: ir.Value, kind: ir.Type) -> ir.Value:
        """A load that LLVM neither repeats nor merges: others write this memory while the policy runs."""
        load = _VolatileLoad(self.builder.block, self.builder.bitcast(pointer, kind.as_pointer()))
        load.align = None
        self.builder._insert(load)
        return load

    def store_volatile(self, value: ir.Value, pointer: ir.Value) -> None:
        store = _VolatileStore(self.builder.block, value, self.builder.bitcast(pointer, value.type.as_pointer()))
        store.align = None
        self.builder._insert(store)

    def opaque(self, value: ir.Value) -> ir.Value:
        """The same 64 bits, of which LLVM knows nothing, unless they turn out to be constant.

        What is proven of a register must be used from that register: where LLVM knows more than verifiers do, it checks
        a narrower copy, and uses another.
        """
        hidden = self.builder.asm(ir.FunctionType(I64, [I64]), "", "=r,0", [value], side_effect=False)
        return self.builder.select(self.builder.call(self._is_constant(), [value]), value, hidden)

    def _is_constant(self) -> ir.Function:
        """What LLVM answers late, when loops have been unrolled."""
        module, name = self.state.module.module, "llvm.is.constant.i64"
        return module.globals.get(name) or ir.Function(module, ir.FunctionType(I1, [I64]), name)

    def opaque_index(self, value: ir.Value, kind: types.Type) -> ir.Value:
        """An index as the 64 bits that are to be compared and used; a literal is what it is."""
        register = self.register(value, kind)
        return register if isinstance(kind, Lit) else self.opaque(register)

    # -- helpers and maps ----------------------------------------------------------------------------------------------

    def helper(self, number: int, result: ir.Type, arguments: list[ir.Value]) -> ir.Value:
        return call_helper(self.builder, number, result, arguments)

    def map_pointer(self, name: str) -> ir.Value:
        return self.builder.bitcast(self.state.maps[name], BYTE_POINTER)

    def is_null(self, pointer: ir.Value) -> ir.Value:
        return self.builder.icmp_unsigned("==", pointer, pointer.type(None))

    def hidden_pointer(self, pointer: ir.Value) -> ir.Value:
        """The same pointer, of which LLVM knows nothing: it is computed where it stands, and may be null."""
        kind = pointer.type
        return self.builder.asm(ir.FunctionType(kind, [kind]), "", "=r,0", [pointer], side_effect=False)

    def is_there(self, pointer: ir.Value) -> ir.Value:
        """Whether a pointer is not null; the branches to what follows stay apart from those of other tests."""
        with self.choose(self.is_null(pointer)) as (absent, present):
            with absent:
                keep_apart(self.builder)
                nowhere = self.builder.block
            with present:
                somewhere = self.builder.block
        found = self.builder.phi(I1)
        found.add_incoming(I1(0), nowhere)
        found.add_incoming(I1(1), somewhere)
        return found

    @property
    def input(self) -> ir.Value:
        """The kernel's context, the argument of the program."""
        assert self.state.context is not None
        return self.state.context

    # -- conversions ---------------------------------------------------------------------------------------------------

    def register(self, value: ir.Value, kind: types.Type) -> ir.Value:
        """An integer of the language as the 64 bits that it is computed with."""
        if kind != BOOLEAN:
            return value
        number = self.builder.zext(value, I64)
        return number if _is_of_numbers(value) else self.opaque(number)

    def bit(self, value: ir.Value) -> ir.Value:
        """A bool that is computed with as a single bit."""
        return value if _is_of_numbers(value) else self.builder.trunc(self.register(value, BOOLEAN), I1)

    def truth(self, value: ir.Value, kind: types.Type) -> ir.Value:
        return value if kind == BOOLEAN else self.builder.icmp_signed("!=", value, const(0))

    def to_storage(self, value: ir.Value, kind: types.Type, target: IntType) -> ir.Value:
        """As it is stored: wrapped to the width."""
        if target is BOOL:
            return self.builder.zext(self.truth(value, kind), I8)
        # Byte order is a matter of memory: see `records`.
        register = self.register(value, kind)
        return register if target.size == 8 else self.builder.trunc(register, ir.IntType(target.size * 8))

    def from_storage(self, value: ir.Value, source: IntType) -> ir.Value:
        """As the language sees what was stored (see `types.integer` for its type)."""
        if source is BOOL:
            return self.builder.icmp_unsigned("!=", value, I8(0))
        if source.size == 8:
            return value
        return self.builder.sext(value, I64) if source.signed else self.builder.zext(value, I64)


def _is_of_numbers(truth: ir.Value) -> bool:
    """Whether a bool is surely no test of a pointer.

    LLVM would join such a test and that of a number into one, `(pointer | number) == 0`, which verifiers refuse.
    """
    return isinstance(truth, ir.Constant | ir.ICMPInstr)


Lowering = Callable[[Code, Any, list[ir.Value]], ir.Value | None]
"""Lowers one operation: where, the operation's signature (types of its arguments and result), the arguments' values."""
