"""Helper calls: whether a helper is there, and whether each argument is what it demands."""

from __future__ import annotations

from typing import Final

from syrupc.kernel.helpers import Arg, Helper, Ret
from syrupc.kernel.helpers import helper as helper_of
from syrupc.kernel.map_types import MAP_TYPES, RDONLY_PROG, SOCKET_MAP_WRITERS, SOCKET_MAPS, WRONLY_PROG
from syrupc.verifier.cfg import CALL_BACK
from syrupc.verifier.findings import Finding, not_proven, unsafe, unsupported
from syrupc.verifier.regions import (
    FAR,
    aligned,
    check_bounds,
    check_packet_bounds,
    check_stack_bounds,
    null_not_tested,
    stack_span,
)
from syrupc.verifier.signatures import Parameter, Passed, Signature
from syrupc.verifier.state import Call, Span, State
from syrupc.verifier.subject import Subject
from syrupc.verifier.values import NAMES, SOCKETS, Kind, Number, Pointer, Value, is_null

_MEMORY: Final = {Arg.MEM, Arg.MEM_OR_NULL, Arg.MEM_OUT, Arg.MEM_OUT_OR_NULL}
_OUT: Final = {Arg.MEM_OUT, Arg.MEM_OUT_OR_NULL, Arg.VALUE_OUT, Arg.OUT_4, Arg.OUT_8}
_FIXED: Final = {Arg.OUT_4: 4, Arg.OUT_8: 8, Arg.IN_16: 16, Arg.IN_20: 20, Arg.IN_40: 40}
_ALIGNED: Final = {Arg.OUT_4, Arg.OUT_8}
_NULLABLE: Final = {
    Arg.MEM_OR_NULL,
    Arg.MEM_OUT_OR_NULL,
    Arg.VALUE_OR_NULL,
    Arg.STACK_OR_NULL,
    Arg.CTX_OR_NULL,
    Arg.SOCKET_OR_NULL,
    Arg.BTF_SOCK_COMMON_OR_NULL,
}
_UNMODELLED: Final = {
    Arg.STRING,
    Arg.SPIN_LOCK,
    Arg.TIMER,
    Arg.KPTR,
    Arg.KERNEL_OBJECT,
    Arg.DYNPTR,
}
_MEMORY_KINDS: Final = frozenset({Kind.STACK, Kind.MAP_VALUE, Kind.PACKET, Kind.PACKET_META, Kind.MEMORY})
_MAP_UPDATE: Final = 2
_MAP_DELETE: Final = 3
_TAIL_CALL: Final = 12
_LOCAL_STORAGE: Final = 81
_CHANGES_MAP: Final = frozenset({2, 3, 87, 88})
_BLOOM: Final = 30


def check_helper(subject: Subject, state: State, number: int) -> Finding | None:
    """Why the call may not be made; None if it may, and then `state.call` is what it comes to."""
    found = _resolve(subject, state, number)
    if isinstance(found, Finding):
        return found
    state.call = found
    return None


def _resolve(subject: Subject, state: State, number: int) -> Call | Finding:
    helper = helper_of(number, subject.type.name)
    finding = _check_available(subject, state, helper, number)
    if finding or helper is None:
        return finding or unsupported(f"helper {number}")
    return _check_arguments(subject, state, helper)


def _check_available(subject: Subject, state: State, helper: Helper | None, number: int) -> Finding | None:
    if helper is None:
        return unsafe("SYR511", "this calls a helper that does not exist", details=f"helper {number}")
    if helper.id not in subject.kernel.helpers:
        return unsafe(
            "SYR511",
            f"helper `{helper.name}` is not in Linux {subject.kernel.name}",
            f"it came with Linux {helper.since}",
            help=f"say `--kernel {helper.since}` if every machine is that new",
        )
    if helper.id not in subject.helpers:
        return unsafe("SYR511", f"a {subject.type.name} program may not call helper `{helper.name}`")
    if helper.gpl_only and not subject.gpl:
        return unsafe(
            "SYR511",
            f"helper `{helper.name}` is for GPL-compatible programs only",
            help="declare a GPL-compatible licence",
        )
    unmodelled = next((arg for arg in helper.args if arg in _UNMODELLED), None)
    if Arg.CALLBACK in helper.args and helper.id not in CALL_BACK:
        return unsupported(f"helper `{helper.name}`")
    if unmodelled or helper.ret in (Ret.KERNEL_OBJECT, Ret.KERNEL_OBJECT_OR_NULL):
        return unsupported(f"helper `{helper.name}`")
    if helper.id == _TAIL_CALL and state.references:
        return unsafe("SYR523", "a tail call would leave behind what was borrowed from the kernel")
    return None


def _check_arguments(subject: Subject, state: State, helper: Helper) -> Call | Finding:
    used = callback = None
    spans: list[Span] = []
    released = allocated = 0
    for register, arg in enumerate(helper.args, 1):
        value = state.registers[register]
        if value is None:
            return unsafe(
                "SYR504",
                f"argument {register} of `{helper.name}` is not set",
                details=f"r{register} holds nothing",
            )
        if arg is Arg.MAP:
            found = _check_map(subject, helper, value, register)
            if isinstance(found, Finding):
                return found
            used = found
        elif arg is Arg.CALLBACK:
            if type(value) is not Pointer or value.kind is not Kind.FUNCTION:
                return _wrong(helper, register, arg, value)
            callback = value.target
        elif arg in (Arg.SIZE, Arg.SIZE_OR_ZERO):
            span = _check_size(subject, state, helper, register, value)
            if isinstance(span, Finding):
                return span
            spans.extend(span)
        elif arg is Arg.ALLOC_SIZE:
            if type(value) is not Number or value.range.mask:
                return _wrong(helper, register, arg, value)
            allocated = value.range.value
            if allocated >= FAR:
                return _wrong(helper, register, arg, value)
        else:
            checked = _check_argument(subject, state, helper, register, arg, value, used)
            if isinstance(checked, Finding):
                return checked
            spans.extend(checked)
        if helper.releases and type(value) is Pointer and value.reference:
            released = value.reference
    if helper.releases and not released:
        return unsafe("SYR523", f"`{helper.name}` gives back what was not borrowed")
    finding = _check_special(helper, state) or _check_borrowed(helper, state)
    return finding or Call(helper, used, tuple(spans), released, allocated, callback)


def _check_borrowed(helper: Helper, state: State) -> Finding | None:
    """Kernels let one argument at most be of what was borrowed (`meta->ref_obj_id`)."""
    given = (state.registers[register] for register, arg in enumerate(helper.args, 1) if arg is not Arg.ANY)
    if sum(type(value) is Pointer and value.reference > 0 for value in given) < 2:
        return None
    return unsafe("SYR512", f"two arguments of `{helper.name}` are of what was borrowed from the kernel")


def _check_special(helper: Helper, state: State) -> Finding | None:
    if helper.id != _LOCAL_STORAGE:
        return None
    state.demand(state.registers[2])
    return None if is_null(state.registers[2]) else unsafe("SYR512", f"the flags of `{helper.name}` must be 0")


def check_passed(subject: Subject, state: State, signature: Signature) -> Finding | None:
    """What a global function is handed is what its type says; kernels verify it with that and nothing more."""
    if signature.parameters is None:
        return unsupported(f"a call of the global function `{signature.name}`", "declare it `static`")
    for register, parameter in enumerate(signature.parameters, 1):
        value = state.registers[register]
        finding = _check_parameter(subject, state, parameter, register, value)
        if finding:
            return finding
    return None


def _check_parameter(
    subject: Subject, state: State, parameter: Parameter, register: int, value: Value
) -> Finding | None:
    if value is None:
        return unsafe("SYR504", f"argument {register} of a function is not set", details=f"r{register} holds nothing")
    match parameter.passed:
        case Passed.NUMBER:
            fits = type(value) is Number
        case Passed.CONTEXT:
            fits = type(value) is Pointer and value.kind is Kind.CONTEXT and not value.offset and value.fixed
        case Passed.MEMORY:
            if is_null(value):
                state.demand(value)
                return None
            if type(value) is Pointer and value.kind in _MEMORY_KINDS:
                return _check_handed(subject, state, value, parameter.size)
            fits = False
    if fits:
        return None
    return unsafe(
        "SYR512", f"argument {register} of a global function is not what its type says", details=f"r{register}"
    )


def _check_handed(subject: Subject, state: State, pointer: Pointer, size: int) -> Finding | None:
    """The function may read the memory, and write it."""
    for write in (False, True):
        finding = _check_region(subject, state, None, pointer, size, write, True, False)
        if finding:
            return finding
    return None


def _wrong(helper: Helper, register: int, arg: Arg, value: Value) -> Finding:
    has = "a number" if type(value) is Number else NAMES[value.kind] if type(value) is Pointer else "nothing"
    return unsafe(
        "SYR512",
        f"argument {register} of `{helper.name}` must be {arg.value}, and it is {has}",
        details=f"r{register}",
    )


# -- maps --------------------------------------------------------------------------------------------------------------


def _check_map(subject: Subject, helper: Helper, value: Value, register: int) -> int | Finding:
    if type(value) is not Pointer or value.kind is not Kind.MAP or value.nullable:
        if type(value) is Pointer and value.nullable:
            return null_not_tested(value)
        return _wrong(helper, register, Arg.MAP, value)
    if value.offset or not value.fixed:
        return _wrong(helper, register, Arg.MAP, value)
    definition = subject.maps[value.target]
    row = MAP_TYPES.get(definition.type)
    if row is None:
        return unsupported(f"map type {definition.type}")
    if helper.id not in row.helpers:
        return unsafe("SYR518", f"helper `{helper.name}` does not work on `{row.name}` map `{definition.name}`")
    if helper.id in _CHANGES_MAP and definition.flags & RDONLY_PROG:
        return unsafe("SYR506", f"map `{definition.name}` is read-only for programs")
    writes = helper.id in (_MAP_UPDATE, _MAP_DELETE)
    if writes and row.number in SOCKET_MAPS and subject.type.name not in SOCKET_MAP_WRITERS:
        return unsafe("SYR518", f"a {subject.type.name} program may not change `{row.name}` map `{definition.name}`")
    return value.target


# -- memory ------------------------------------------------------------------------------------------------------------


def _check_argument(
    subject: Subject, state: State, helper: Helper, register: int, arg: Arg, value: Value, used: int | None
) -> tuple[Span, ...] | Finding:
    definition = subject.maps[used] if used is not None else None
    if arg is Arg.ANY:
        return ()
    if arg in _NULLABLE and is_null(value):
        state.demand(value)
        return ()
    if arg in _MEMORY:
        # The size follows, and is checked together with it.
        return () if _is_memory(arg, value) else _not_memory(helper, register, arg, value)
    if arg is Arg.KEY and definition is not None:
        return _span(subject, state, helper, register, arg, definition.key_size, False)
    if arg is Arg.VALUE and definition is not None and definition.type in SOCKET_MAPS:
        return _check_object(helper, register, Arg.BTF_SOCK_COMMON, value) or ()
    if arg in (Arg.VALUE, Arg.VALUE_OR_NULL) and definition is not None:
        return _span(subject, state, helper, register, arg, definition.value_size, False)
    if arg is Arg.VALUE_OUT and definition is not None:
        # A Bloom filter is asked for the value that lies there (9330986c0300, 5.16).
        return _span(subject, state, helper, register, arg, definition.value_size, definition.type != _BLOOM)
    if arg in _ALIGNED and type(value) is Pointer and not aligned(value, value.offset, _FIXED[arg]):
        return unsafe("SYR524", f"`{helper.name}` would write to an address that is not aligned to {_FIXED[arg]} bytes")
    if arg in _FIXED:
        return _span(subject, state, helper, register, arg, _FIXED[arg], arg in _OUT)
    finding = _check_object(helper, register, arg, value)
    return finding or ()


def _check_object(helper: Helper, register: int, arg: Arg, value: Value) -> Finding | None:
    """Arguments that are one thing as a whole: the context, a socket, a ring buffer record."""
    kinds = _OBJECTS.get(arg)
    if kinds is None:
        return unsupported(f"helper `{helper.name}`")
    if type(value) is not Pointer:
        return _wrong(helper, register, arg, value)
    if value.nullable and arg not in _NULLABLE:
        return null_not_tested(value)
    anywhere = arg is Arg.STACK_OR_NULL
    if value.kind not in kinds or not (anywhere or (not value.offset and value.fixed)):
        return _wrong(helper, register, arg, value)
    if arg is Arg.RINGBUF_MEM and not value.reference:
        return _wrong(helper, register, arg, value)
    return None


_OBJECTS: Final = {
    Arg.CTX: frozenset({Kind.CONTEXT}),
    Arg.CTX_OR_NULL: frozenset({Kind.CONTEXT}),
    Arg.SOCK_COMMON: SOCKETS,
    Arg.BTF_SOCK_COMMON: SOCKETS,
    Arg.BTF_SOCK_COMMON_OR_NULL: SOCKETS,
    Arg.SOCKET: frozenset({Kind.SOCKET}),
    Arg.SOCKET_OR_NULL: frozenset({Kind.SOCKET}),
    Arg.RINGBUF_MEM: frozenset({Kind.MEMORY}),
    Arg.STACK_OR_NULL: frozenset({Kind.STACK}),
}


def _is_memory(arg: Arg, value: Value) -> bool:
    """Where null will do, a pointer will that may be null."""
    return type(value) is Pointer and value.kind in _MEMORY_KINDS and (not value.nullable or arg in _NULLABLE)


def _not_memory(helper: Helper, register: int, arg: Arg, value: Value) -> Finding:
    if type(value) is Pointer and value.nullable:
        return null_not_tested(value)
    return _wrong(helper, register, arg, value)


def _check_size(
    subject: Subject, state: State, helper: Helper, register: int, value: Value
) -> tuple[Span, ...] | Finding:
    """The size argument, and the memory argument before it."""
    arg = helper.args[register - 1]
    memory = helper.args[register - 2]
    pointer = state.registers[register - 1]
    if type(value) is not Number:
        return _wrong(helper, register, arg, value)
    if value.range.smin < 0:
        return not_proven(
            "SYR512",
            f"the size given to `{helper.name}` may be negative",
            help="mask it, or leave early: `if size < 0: return PASS`",
            details=f"r{register} from {value.range.smin}",
        )
    zero_allowed = arg is Arg.SIZE_OR_ZERO or helper.takes_zero(subject.kernel.release)
    if not zero_allowed and value.range.umin == 0:
        return not_proven(
            "SYR512",
            f"the size given to `{helper.name}` may be zero",
            help="leave early: `if size == 0: return PASS`",
            details=f"r{register} from {value.range.umin}",
        )
    size = value.range.umax
    if size >= FAR:
        return not_proven(
            "SYR512",
            f"the size given to `{helper.name}` may be anything",
            help="bound it first: `if size > N: return PASS`",
            details=f"r{register} up to {size}",
        )
    if is_null(pointer) and size == 0:
        return ()
    exact = not value.range.mask
    return _span(subject, state, helper, register - 1, memory, size, memory in _OUT, exact, zero_allowed)


def _span(
    subject: Subject,
    state: State,
    helper: Helper,
    register: int,
    arg: Arg,
    size: int,
    write: bool,
    exact: bool = True,
    zero_allowed: bool = False,
) -> tuple[Span, ...] | Finding:
    """The `size` bytes at the argument may be read, or written."""
    value = state.registers[register]
    if type(value) is not Pointer or not _is_memory(arg, value):
        return _not_memory(helper, register, arg, value)
    finding = _check_region(subject, state, helper, value, size, write, exact, zero_allowed)
    return finding or (Span(register, size, write, exact),)


def _check_region(
    subject: Subject,
    state: State,
    helper: Helper | None,
    pointer: Pointer,
    size: int,
    write: bool,
    exact: bool,
    zero_allowed: bool,
) -> Finding | None:
    match pointer.kind:
        case Kind.STACK:
            return _check_stack_region(subject, state, pointer, size, write and exact, zero_allowed)
        case Kind.MAP_VALUE:
            definition = subject.maps[pointer.target]
            if definition.flags & (RDONLY_PROG if write else WRONLY_PROG):
                return unsafe("SYR506", f"map `{definition.name}` does not permit this access")
            what = f"value of map `{definition.name}`"
            return check_bounds(pointer, pointer.offset, size, definition.value_size, "SYR506", what, zero_allowed)
        case Kind.PACKET | Kind.PACKET_META:
            if not subject.type.packet or not (helper and helper.takes_packet):
                return unsafe(
                    "SYR512", f"`{helper.name if helper else 'the function'}` cannot work on the packet itself"
                )
            if write and not subject.type.packet_write:
                return unsafe("SYR503", f"a {subject.type.name} program may not change the packet")
            return check_packet_bounds(pointer, pointer.offset, size, write, zero_allowed)
    if write and pointer.readonly:
        return unsafe("SYR509", "this memory may not be written")
    return check_bounds(pointer, pointer.offset, size, pointer.target, "SYR522", "memory", zero_allowed)


def _check_stack_region(
    subject: Subject, state: State, pointer: Pointer, size: int, write: bool, zero_allowed: bool
) -> Finding | None:
    finding = check_stack_bounds(pointer, pointer.offset, size or 1 if zero_allowed else size)
    if finding or write or not size:
        return finding
    low, high = stack_span(pointer, pointer.offset)
    return check_helper_bytes(subject, state, pointer, low, high + size)


def check_helper_bytes(subject: Subject, state: State, pointer: Pointer, low: int, high: int) -> Finding | None:
    """What a helper reads from the stack must have been set; stored registers count as bytes there."""
    if subject.kernel.reasoning.reads_untouched_stack:
        return None
    frame = state.frames[pointer.target]
    for at in range(low, high):
        slot = frame.stack.get((-at - 1) // 8)
        if slot is None or slot.bytes[at % 8] == 0:
            return unsafe("SYR504", "a local is handed to the kernel before it is set", details=f"stack byte {at}")
    return None
