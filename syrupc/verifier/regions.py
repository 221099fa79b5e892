"""Whether an access lies inside the region that its pointer leads to, and whether that region permits it."""

from __future__ import annotations

from typing import Final

from syrupc.kernel.contexts import Field, Gives
from syrupc.kernel.map_types import RDONLY_PROG, WRONLY_PROG
from syrupc.kernel.release import brought
from syrupc.kernel.sockets import SOCKETS as SOCKET_FIELDS
from syrupc.verifier import tnum
from syrupc.verifier.findings import Finding, not_proven, unsafe, unsupported
from syrupc.verifier.state import FULL_SPILL, SLOT, SPILLED, STACK_SIZE, UNTOUCHED, UNTOUCHED_SLOT, State
from syrupc.verifier.subject import Subject
from syrupc.verifier.values import NAMES, SOCKETS, ZERO, Kind, Number, Pointer, Value

FAR: Final = 1 << 29
"""Offsets from here on are refused whatever the region's size."""
MAX_PACKET: Final = 0xFFFF


def check_access(
    subject: Subject, state: State, value: Value, offset: int, size: int, write: bool, atomic: bool = False
) -> Finding | None:
    """Why `size` bytes at `value + offset` may not be read (or written), None if they may."""
    if type(value) is not Pointer:
        return _through_number(value, write)
    if value.nullable:
        return null_not_tested(value)
    if atomic and value.kind in (Kind.CONTEXT, Kind.PACKET, Kind.PACKET_META, *SOCKETS):
        return unsafe("SYR509", f"no atomic operation is possible on {NAMES[value.kind]}")
    offset += value.offset
    strict = atomic or subject.conditions.strict_alignment or value.kind is Kind.STACK
    if strict and not aligned(value, offset, size):
        return unsafe("SYR524", f"an access to {NAMES[value.kind]} is not aligned to its size", details=f"{size} bytes")
    match value.kind:
        case Kind.STACK:
            return _check_stack(subject, state, value, offset, size, write)
        case Kind.MAP_VALUE:
            return _check_map_value(subject, value, offset, size, write)
        case Kind.PACKET | Kind.PACKET_META:
            return _check_packet(subject, value, offset, size, write)
        case Kind.CONTEXT:
            return _check_context(subject, value, offset, size, write)
        case Kind.MEMORY:
            if write and value.readonly:
                return unsafe("SYR509", "this memory may not be written")
            return check_bounds(value, offset, size, value.target, "SYR522", "memory")
        case Kind.SOCKET | Kind.SOCK_COMMON | Kind.TCP_SOCK | Kind.XDP_SOCK:
            return _check_socket(value, offset, size, write)
        case Kind.MAP | Kind.KERNEL_OBJECT:
            if write:
                return unsafe("SYR509", f"{NAMES[value.kind]} may not be written")
            return unsupported(f"reading {NAMES[value.kind]}")
        case Kind.PACKET_END | Kind.FUNCTION:
            return unsafe("SYR509", f"there is nothing to {'write' if write else 'read'} at {NAMES[value.kind]}")


def aligned(pointer: Pointer, offset: int, size: int) -> bool:
    """`offset` includes the pointer's own. Where alignment matters, packets start two bytes off."""
    if pointer.kind in (Kind.PACKET, Kind.PACKET_META):
        offset += 2
    value, mask = tnum.add((offset & tnum.M64, 0), pointer.variable.tnum)
    return not (value | mask) & (size - 1)


def null_not_tested(value: Pointer) -> Finding:
    if value.kind is Kind.MAP_VALUE:
        return not_proven(
            "SYR505",
            "the look-up's result is used without a test",
            "the key may be missing, and then there is no value",
            help="test it first: `if ref is None: return PASS`",
        )
    return not_proven(
        "SYR505",
        f"{NAMES[value.kind]} is used without a test for null",
        help="test it first: `if ref is None: return PASS`",
    )


def _through_number(value: Value, write: bool) -> Finding:
    if type(value) is Number and value.range == ZERO:
        return unsafe("SYR505", "this is null here", "the look-up found nothing on the way that leads here")
    return unsafe(
        "SYR509",
        f"a number is used as the address to {'write' if write else 'read'}",
        help="read and write through the packet, a map or a struct",
    )


# -- bounds ------------------------------------------------------------------------------------------------------------


def check_bounds(
    pointer: Pointer, offset: int, size: int, limit: int, code: str, what: str, zero_allowed: bool = False
) -> Finding | None:
    """The bytes lie in `[0, limit)` of the region for every value of the pointer's variable part."""
    variable = pointer.variable
    low, high = variable.smin + offset, variable.umax + offset
    fits = size > 0 or zero_allowed
    if fits and low >= 0 and variable.umax < FAR and high + size <= limit:
        return None
    details = f"offset {low} to {high}, size {size}, limit {limit}"
    if not variable.mask:
        return unsafe(
            code,
            f"this reaches outside the {what}",
            f"it touches bytes {low} to {low + size - 1}; the {what} has {limit}",
            help=f"stay below {limit} bytes",
            details=details,
        )
    if low < 0:
        return not_proven(
            code,
            f"the index into the {what} may be negative",
            help="mask it, or leave early: `if index < 0: return PASS`",
            details=details,
        )
    return not_proven(
        code,
        f"the index into the {what} may be too large",
        f"the {what} has {limit} bytes and {_reach(high, size)} may be touched",
        help=f"leave early first: `if index >= {max(limit // max(size, 1), 1)}: return PASS`",
        details=details,
    )


def _reach(high: int, size: int) -> str:
    return "any byte" if high >= FAR else f"byte {high + size - 1}"


# -- stack -------------------------------------------------------------------------------------------------------------


def stack_span(pointer: Pointer, offset: int) -> tuple[int, int]:
    """The lowest and the highest first byte, relative to the frame pointer; `offset` includes the pointer's own."""
    return offset + pointer.variable.smin, offset + pointer.variable.smax


def check_stack_bounds(pointer: Pointer, offset: int, size: int) -> Finding | None:
    """The bytes lie in the 512 below the frame pointer."""
    low, high = stack_span(pointer, offset)
    if not pointer.fixed and (pointer.variable.smin <= -FAR or pointer.variable.smax >= FAR):
        return not_proven(
            "SYR507",
            "the index into a local may be anything",
            help="bound it first: `if index >= N: return PASS`",
            details=f"stack offset {low} to {high}",
        )
    if low >= -STACK_SIZE and high + size <= 0 and size > 0:
        return None
    make = unsafe if pointer.fixed else not_proven
    return make(
        "SYR507",
        "this reaches outside the stack",
        f"a function has {STACK_SIZE} bytes of stack",
        details=f"stack offset {low} to {high}, size {size}",
    )


def _check_stack(
    subject: Subject, state: State, pointer: Pointer, offset: int, size: int, write: bool
) -> Finding | None:
    finding = check_stack_bounds(pointer, offset, size)
    if finding:
        return finding
    low, high = stack_span(pointer, offset)
    if write:
        return None
    return check_stack_bytes(subject, state, pointer, low, high + size, size)


def check_stack_bytes(
    subject: Subject, state: State, pointer: Pointer, low: int, high: int, size: int
) -> Finding | None:
    """The stack bytes `[low, high)` hold something that may be read as a number, or one whole register."""
    frame = state.frames[pointer.target]
    if pointer.fixed and size == SLOT and low % SLOT == 0:
        slot = frame.stack.get(-low // SLOT - 1, UNTOUCHED_SLOT)
        if slot.bytes == FULL_SPILL:
            return None
    for at in range(low, high):
        slot = frame.stack.get((-at - 1) // SLOT, UNTOUCHED_SLOT)
        kind = slot.bytes[at % SLOT]
        if kind == UNTOUCHED and not subject.kernel.reasoning.reads_untouched_stack:
            return unsafe("SYR504", "a local is read before it is set", help="set it first", details=f"stack byte {at}")
        # At an unknown place kernels allow it; but one that knows the place better than we do would refuse.
        if kind == SPILLED and type(slot.value) is Pointer:
            return unsafe("SYR509", "part of a stored pointer is read", details=f"stack byte {at}")
    return None


# -- maps --------------------------------------------------------------------------------------------------------------


def _check_map_value(subject: Subject, pointer: Pointer, offset: int, size: int, write: bool) -> Finding | None:
    definition = subject.maps[pointer.target]
    if write and definition.flags & RDONLY_PROG:
        return unsafe("SYR506", f"map `{definition.name}` is read-only for programs")
    if not write and definition.flags & WRONLY_PROG:
        return unsafe("SYR506", f"map `{definition.name}` is write-only for programs")
    return check_bounds(pointer, offset, size, definition.value_size, "SYR506", f"value of map `{definition.name}`")


# -- packet ------------------------------------------------------------------------------------------------------------


def _check_packet(subject: Subject, pointer: Pointer, offset: int, size: int, write: bool) -> Finding | None:
    if write and not subject.type.packet_write:
        return unsafe("SYR503", f"a {subject.type.name} program may not change the packet")
    return check_packet_bounds(pointer, offset, size, write)


def check_packet_bounds(
    pointer: Pointer, offset: int, size: int, write: bool = False, zero_allowed: bool = False
) -> Finding | None:
    """The bytes are known to be in the packet."""
    action = "write" if write else "read"
    details = f"offset {offset}, size {size}, known {pointer.extent}, variable up to {pointer.variable.umax}"
    if pointer.variable.smin < 0:
        return not_proven(
            "SYR503",
            f"packet {action} may go before the start of the packet",
            "the index may be negative",
            help="leave early first: `if index < 0: return PASS`",
            details=details,
        )
    fits = size > 0 or zero_allowed
    if fits and offset >= 0 and offset + size <= pointer.extent:
        return None
    need = max(offset + size, 1)
    known = max(pointer.extent, 0)
    return not_proven(
        "SYR503",
        f"packet {action} may go past the end of the packet",
        f"only {known} bytes are known to be present here" if known else "nothing is known of the packet's length here",
        help=f"leave early first: `if len(pkt.payload) < {need}: return PASS`",
        details=details,
    )


# -- context -----------------------------------------------------------------------------------------------------------


def context_field(subject: Subject, pointer: Pointer, offset: int) -> Field | None:
    return subject.context.field_at(offset) if subject.context and pointer.fixed else None


def _check_context(subject: Subject, pointer: Pointer, offset: int, size: int, write: bool) -> Finding | None:
    if subject.context is None:
        return unsupported(f"the context of a {subject.type.name} program")
    if not pointer.fixed or pointer.offset:
        return unsafe("SYR508", "the context may only be accessed at fixed places", details=f"offset {offset}")
    field = subject.context.field_at(offset)
    details = f"offset {offset}, size {size}"
    if field is None or not _in_kernel(subject, field):
        return unsafe("SYR508", f"a {subject.type.name} program has no such field in its context", details=details)
    if offset % size:
        return unsafe("SYR508", f"field `{field.name}` is accessed at an odd place", details=details)
    allowed = field.writable(offset, size) if write else field.readable(offset, size)
    if allowed:
        return None
    if write:
        return unsafe("SYR508", f"field `{field.name}` of the context may not be written so", details=details)
    return unsafe("SYR508", f"field `{field.name}` of the context cannot be read {size} bytes wide", details=details)


def _in_kernel(subject: Subject, field: Field) -> bool:
    return brought(field.since, subject.kernel.release)


# -- sockets -----------------------------------------------------------------------------------------------------------


def _check_socket(pointer: Pointer, offset: int, size: int, write: bool) -> Finding | None:
    if write:
        return unsafe("SYR509", "a socket may not be written")
    field = SOCKET_FIELDS[pointer.kind.name].field_at(offset) if pointer.fixed else None
    if field is None or offset % size or not field.readable(offset, size):
        return unsafe("SYR509", "a socket has no such field", details=f"offset {offset}, size {size}")
    return None if field.gives is Gives.NUMBER else unsupported(f"field `{field.name}` of a socket")
