"""Whether a state entails an obligation; if not, what is missing, said in the terms of the source."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from syrupc.isa import opcodes as op
from syrupc.kernel.contexts import Gives
from syrupc.kernel.map_types import MAP_TYPES
from syrupc.kernel.release import brought
from syrupc.verifier import tnum
from syrupc.verifier.calls import check_helper, check_passed
from syrupc.verifier.domains import Scalar, const
from syrupc.verifier.findings import Finding, malformed, not_proven, unsafe, unsupported
from syrupc.verifier.obligations import (
    Computable,
    HelperCall,
    Initialised,
    KernelCall,
    KnownInstruction,
    LocalCall,
    Modelled,
    Obligation,
    PacketLoad,
    Passes,
    Readable,
    Replaceable,
    Return,
    SelectsExecutor,
    Stays,
    Updatable,
    UsableMap,
    WellFormed,
    Writable,
)
from syrupc.verifier.promises import check_index, check_passes, check_stays
from syrupc.verifier.regions import FAR, check_access, context_field, null_not_tested
from syrupc.verifier.signatures import Signature
from syrupc.verifier.state import SLOT, State
from syrupc.verifier.subject import Subject
from syrupc.verifier.values import NAMES, Kind, Number, Pointer, Value

Check: TypeAlias = Callable[[State], Finding | None]
"""What is missing in a state, None if nothing is."""

_FIXED_REGIONS = frozenset({Kind.PACKET_END, Kind.SOCKET, Kind.SOCK_COMMON, Kind.TCP_SOCK, Kind.XDP_SOCK})


def check_of(subject: Subject, slot: int, obligation: Obligation) -> Check | None:
    """What decides whether the obligation of the instruction at `slot` holds in every machine that a state stands for.

    None if it holds there whatever the state. The choice is made once for each instruction, not on each visit.
    """
    match obligation:
        case Initialised(register):
            return partial(_check_initialised, register) if register != op.FRAME_POINTER else None
        case Replaceable(register):
            return _always(_frame_pointer()) if register == op.FRAME_POINTER else None
        case Readable():
            return partial(_check_read, subject, obligation)
        case Writable():
            return partial(_check_write, subject, obligation)
        case Updatable(register=register, fetched=fetched) if register == fetched:
            return _always(unsafe("SYR509", "an atomic operation replaces its own address by what it fetches"))
        case Updatable(register, offset, size):
            return partial(_check_update, subject, register, offset, size)
        case Computable(operation, register, None, immediate, bits):
            finding = _check_immediate(operation, immediate, bits)
            return _always(finding) if finding else partial(_check_constant, operation, register, immediate, bits)
        case Computable(operation, register, source, _, bits) if source is not None:
            return partial(_check_registers, operation, register, source, bits)
        case WellFormed(reason):
            return _always(malformed(reason))
        case KnownInstruction(what, since):
            return None if brought(since, subject.kernel.release) else _always(_newer(subject, what, since))
        case Modelled(what):
            return _always(unsupported(what))
        case UsableMap(kind):
            return _always(_check_wide(subject, slot, kind))
        case HelperCall(helper):
            return partial(_check_helper, subject, helper)
        case LocalCall(target):
            signature = subject.called_alone(target)
            return partial(_check_passed, subject, signature) if signature else None
        case KernelCall():
            return _always(unsupported("a call to a kernel function"))
        case PacketLoad():
            return partial(_check_packet_load, subject)
        case Return():
            return partial(_check_return, subject)
        case Passes():
            return check_passes if subject.promise and not subject.promise.drops else None
        case Stays():
            return check_stays if subject.promise and not subject.promise.drops else None
        case SelectsExecutor():
            return partial(check_index, subject, subject.promise) if subject.promise else None
    raise AssertionError(obligation)


def _always(finding: Finding | None) -> Check | None:
    """What does not depend on the state."""
    return (lambda _: finding) if finding else None


def _check_initialised(register: int, state: State) -> Finding | None:
    return None if state.frames[-1].registers[register] is not None else _unset(register)


def _check_passed(subject: Subject, signature: Signature, state: State) -> Finding | None:
    return check_passed(subject, state, signature)


def _check_helper(subject: Subject, number: int, state: State) -> Finding | None:
    return check_helper(subject, state, number)


def _unset(register: int) -> Finding:
    if register == 0:
        return unsafe(
            "SYR504",
            "a result is used that was never produced",
            "nothing was returned or computed on a path that leads here",
            help="return a value on every path",
            details="r0 holds nothing",
        )
    return unsafe(
        "SYR504",
        "a value is used before it is set",
        "on a path that leads here nothing was assigned, or a call has discarded it",
        help="assign it on every path before it is used",
        details=f"r{register} holds nothing",
    )


def _frame_pointer() -> Finding:
    return unsafe("SYR501", "the frame pointer is overwritten", details="r10 is read-only")


def _newer(subject: Subject, what: str, since: str) -> Finding:
    return unsafe(
        "SYR521",
        f"{what} is not known to Linux {subject.kernel.name}",
        f"it came with Linux {since}",
        help=f"compile for an older instruction set, or say `--kernel {since}` if every machine is that new",
    )


# -- memory ------------------------------------------------------------------------------------------------------------


def _check_read(subject: Subject, read: Readable, state: State) -> Finding | None:
    value = state.frames[-1].registers[read.register]
    finding = check_access(subject, state, value, read.offset, read.size, write=False, atomic=read.atomic)
    if finding is None and read.sign and type(value) is Pointer and value.kind is Kind.CONTEXT:
        field = context_field(subject, value, value.offset + read.offset)
        if field and field.gives is not Gives.NUMBER:
            return unsafe("SYR508", "an address in the context cannot be read with its sign")
    return finding


def _check_write(subject: Subject, written: Writable, state: State) -> Finding | None:
    target = state.registers[written.register]
    finding = check_access(subject, state, target, written.offset, written.size, write=True, atomic=written.atomic)
    if finding or written.source is None or type(target) is not Pointer or target.kind is not Kind.STACK:
        return finding
    stored = state.registers[written.source]
    if type(stored) is not Pointer:
        return None
    if written.size != SLOT and target.fixed:
        stored_part = f"{written.size} bytes of r{written.source}"
        return unsafe("SYR507", "only a part of a pointer is stored", details=stored_part)
    if not target.fixed:
        return None  # what lies there afterwards is only known to be bytes
    if stored.kind is Kind.STACK and target.target != state.depth:
        return unsafe("SYR507", "the address of a local would outlive its function")
    return None


def _check_update(subject: Subject, register: int, offset: int, size: int, state: State) -> Finding | None:
    target = state.registers[register]
    finding = check_access(subject, state, target, offset, size, write=True, atomic=True) or check_access(
        subject, state, target, offset, size, write=False, atomic=True
    )
    if finding is None and type(target) is Pointer and target.kind is Kind.STACK and not target.fixed:
        # Kernels read first without saying where to (7d3baf0afa3a, 5.16).
        return unsafe("SYR507", "a local is only changed in one step at a fixed place")
    return finding


# -- arithmetic --------------------------------------------------------------------------------------------------------


def _check_registers(operation: int, register: int, source: int, bits: int, state: State) -> Finding | None:
    registers = state.frames[-1].registers
    return _check_arithmetic(operation, registers[register], registers[source], bits)


def _check_constant(operation: int, register: int, immediate: int, bits: int, state: State) -> Finding | None:
    value = state.frames[-1].registers[register]
    if type(value) is Number:
        return None
    return _check_arithmetic(operation, value, Number(const(immediate)), bits)


def _check_arithmetic(operation: int, left: Value, right: Value, bits: int) -> Finding | None:
    """Numbers permit everything. A pointer may move by a bounded number; everything else on it has no meaning."""
    if type(left) is Number and type(right) is Number:
        return None
    if operation in (op.NEG, op.END):
        return None
    if type(left) is Pointer and type(right) is Pointer:
        return None if operation == op.SUB else _no_arithmetic(left, operation)
    if bits == 32:
        return None if operation == op.SUB else unsafe("SYR510", "half of a pointer is computed with")
    if type(left) is Pointer and type(right) is Number:
        return _check_move(operation, left, right)
    if type(left) is Number and type(right) is Pointer:
        if operation == op.SUB:
            return unsafe("SYR510", "a pointer is subtracted from a number")
        return _check_move(operation, right, left)
    return None


def _check_immediate(operation: int, immediate: int, bits: int) -> Finding | None:
    """Registers divide by zero and shift too far as the machine defines it; a constant that does is refused."""
    if operation in (op.DIV, op.MOD) and immediate == 0:
        return unsafe("SYR501", "this divides by a constant zero")
    if operation in (op.LSH, op.RSH, op.ARSH) and not 0 <= immediate < bits:
        return unsafe("SYR501", f"this shifts {bits} bits by {immediate}", help=f"shift by 0 to {bits - 1}")
    return None


def _no_arithmetic(pointer: Pointer, operation: int) -> Finding:
    del operation
    return unsafe("SYR510", f"no such arithmetic is possible on {NAMES[pointer.kind]}")


def _check_move(operation: int, pointer: Pointer, number: Number) -> Finding | None:
    by = number.range
    if pointer.nullable:
        return null_not_tested(pointer)
    if operation not in (op.ADD, op.SUB):
        return _no_arithmetic(pointer, operation)
    if pointer.kind in _FIXED_REGIONS:
        return _no_arithmetic(pointer, operation)
    if pointer.kind is Kind.MAP and not (by == const(0) and operation == op.ADD):
        return _no_arithmetic(pointer, operation)
    if pointer.kind is Kind.STACK and operation == op.SUB:
        return unsafe("SYR510", "a number is subtracted from a stack address")
    # A constant that was added to the number on its way is held to the same limit.
    if not -FAR < by.smin < FAR or not -FAR < number.delta < FAR:
        return _far(pointer, by)
    return _check_place(operation, pointer, by)


def _check_place(operation: int, pointer: Pointer, by: Scalar) -> Finding | None:
    sign = 1 if operation == op.ADD else -1
    if by.smin >= 0 and tnum.least(by.tnum, by.umin) >= FAR:
        return _far(pointer, by)
    if not by.mask:
        return None if -FAR < pointer.offset + sign * by.smin < FAR else _far(pointer, by)
    low = pointer.variable.smin + (by.smin if sign > 0 else -by.smax)
    return None if -FAR < low < FAR else _far(pointer, by)


def _far(pointer: Pointer, by: Scalar) -> Finding:
    return not_proven(
        "SYR510",
        f"the index into {NAMES[pointer.kind]} may be anything",
        "nothing bounds it on the way that leads here",
        help="bound it first: `if index >= N: return PASS`",
        details=f"offset {pointer.offset}, by {by.smin} to {by.smax}",
    )


# -- names -------------------------------------------------------------------------------------------------------------


def _check_callback(subject: Subject, target: int) -> Finding | None:
    signature = subject.signatures.get(target) if subject.signatures else None
    if signature is None:
        return unsafe(
            "SYR502",
            "the address of a function is taken",
            "type information has to say what function it is",
            help="compile with `-g`",
        )
    if signature.is_global:
        return unsafe("SYR502", f"function `{signature.name}` is called back", help="declare it `static`")
    return None


def _check_wide(subject: Subject, slot: int, kind: int) -> Finding | None:
    if kind == op.WIDE_CODE:
        return _check_callback(subject, slot + 1 + subject.insns[slot].imm)
    if kind == op.WIDE_NUMBER:
        return None
    if kind not in (op.WIDE_MAP, op.WIDE_MAP_VALUE):
        return unsupported("a reference to a kernel symbol")
    use = subject.uses.get(slot)
    if use is None:
        return unsafe("SYR518", "this names a map that does not exist")
    definition = subject.maps[use.map]
    row = MAP_TYPES.get(definition.type)
    if row is None:
        return unsupported(f"map type {definition.type}")
    if definition.type not in subject.kernel.map_types:
        return unsafe(
            "SYR518",
            f"map `{definition.name}` is of a type that Linux {subject.kernel.name} lacks",
            f"`{row.name}` came with Linux {row.since}",
        )
    if use.offset is None:
        return None
    if not row.direct or definition.max_entries != 1:
        return unsafe("SYR518", f"values of map `{definition.name}` have no address of their own")
    if not 0 <= use.offset < definition.value_size:
        return unsafe("SYR506", f"this lies outside the value of map `{definition.name}`")
    return None


# -- leaving -----------------------------------------------------------------------------------------------------------


def _check_packet_load(subject: Subject, state: State) -> Finding | None:
    if subject.type.name not in ("socket_filter", "sched_cls", "sched_act"):
        return unsafe("SYR509", f"a {subject.type.name} program cannot read the packet this way")
    context = state.registers[6]
    if type(context) is not Pointer or context.kind is not Kind.CONTEXT:
        return unsafe("SYR509", "the packet is read without the context", details="r6 does not hold the context")
    if state.references:
        return _unreleased()
    return None


def _unreleased() -> Finding:
    return unsafe("SYR523", "something that was borrowed from the kernel is not given back on a path that ends here")


def _check_return(subject: Subject, state: State) -> Finding | None:
    value = state.registers[0]
    if state.frame.called_back:
        return _check_answer(state, value)
    if not state.depth and state.frame.entry:
        return None if type(value) is Number else _wrong_result()
    if state.depth:
        if type(value) is Pointer and value.kind is Kind.STACK:
            return unsafe("SYR507", "a function returns the address of its own local")
        return None
    if state.references:
        return _unreleased()
    if value is None:
        return _unset(0)
    finding = check_result(subject, value)
    if finding is None and subject.returns is not None:
        state.demand(value)
    return finding


def _check_answer(state: State, value: Value) -> Finding | None:
    """A function that is called back says by 0 or 1 whether that was the last time."""
    state.demand(value)
    if type(value) is Number and value.range.umax <= 1:
        return None
    return not_proven(
        "SYR513",
        "a function that is called back may return what its helper does not accept",
        "0 goes on, 1 stops",
        help="return 0 or 1 on every path",
    )


def _wrong_result() -> Finding:
    return unsafe("SYR513", "a global function returns something that is no number")


def check_result(subject: Subject, value: Value) -> Finding | None:
    """The program's result is in the range that its hook accepts."""
    if subject.returns is None:
        return None
    low, high = subject.returns
    if type(value) is Number and low <= value.range.smin and value.range.smax <= high:
        return None
    return not_proven(
        "SYR513",
        "the program may return what its hook does not accept",
        f"a {subject.type.name} program returns {low} to {high}",
        help=f"return {low} or {high} on every path",
    )
