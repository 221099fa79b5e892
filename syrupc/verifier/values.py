"""What a register can hold: nothing yet, a number, or a pointer into one of the regions of memory."""

from __future__ import annotations

import enum
from typing import Final, NamedTuple, TypeAlias

from syrupc.verifier.domains import UNKNOWN, Scalar, const


class Kind(enum.IntEnum):
    """The regions that pointers lead to, and the two things that only look like pointers (map, function)."""

    CONTEXT = 0
    STACK = 1
    MAP = 2
    MAP_VALUE = 3
    PACKET = 4
    PACKET_END = 5
    PACKET_META = 6
    MEMORY = 7
    SOCKET = 8
    SOCK_COMMON = 9
    TCP_SOCK = 10
    XDP_SOCK = 11
    FUNCTION = 12
    KERNEL_OBJECT = 13


NAMES: Final = {
    Kind.CONTEXT: "the context",
    Kind.STACK: "the stack",
    Kind.MAP: "a map itself",
    Kind.MAP_VALUE: "a map value",
    Kind.PACKET: "the packet",
    Kind.PACKET_END: "the end of the packet",
    Kind.PACKET_META: "the packet's metadata",
    Kind.MEMORY: "a piece of memory",
    Kind.SOCKET: "a socket",
    Kind.SOCK_COMMON: "a socket",
    Kind.TCP_SOCK: "a TCP socket",
    Kind.XDP_SOCK: "an XDP socket",
    Kind.FUNCTION: "a function",
    Kind.KERNEL_OBJECT: "an object of the kernel",
}

SOCKETS: Final = frozenset({Kind.SOCKET, Kind.SOCK_COMMON, Kind.TCP_SOCK, Kind.XDP_SOCK})
REWRITTEN: Final = frozenset({Kind.CONTEXT, Kind.KERNEL_OBJECT, *SOCKETS})
"""Regions that the kernel rewrites accesses to: an instruction that does so may not access anything else."""
NEVER_ZERO: Final = frozenset({Kind.MAP_VALUE, Kind.MEMORY, *SOCKETS})
"""Regions whose pointers the kernel knows to differ from zero once they are not nullable."""

AT_END: Final = -1
BEYOND_END: Final = -2
"""Values of `Pointer.extent` for a packet pointer that a comparison has put at or behind the packet's end."""

ZERO: Final = const(0)


class Number(NamedTuple):
    """A number. Registers with the same `id` (not 0) hold the same one, `delta` apart; `half` says that this
    was added in 32 bits.

    `origin` is the set of places, as bits of `state.place`, of the last checkpoint that it was computed from.
    """

    range: Scalar
    id: int = 0
    origin: int = 0
    delta: int = 0
    half: bool = False


class Pointer(NamedTuple):
    """A pointer: a region, a constant offset and a variable one.

    `target` is the number of the map, the depth of the frame, the size of the memory or the slot of the function;
    `id` ties pointers that came from one look-up (null-ness) or from one variable offset (packet).
    `extent` is how many bytes from the variable offset on are known to be in the packet.
    """

    kind: Kind
    offset: int = 0
    variable: Scalar = ZERO
    target: int = 0
    id: int = 0
    nullable: bool = False
    extent: int = 0
    reference: int = 0
    readonly: bool = False

    @property
    def fixed(self) -> bool:
        return not self.variable.mask


Value: TypeAlias = Number | Pointer | None
"""`None` is a register that nothing was written to."""

ANYTHING: Final = Number(UNKNOWN)
NULL: Final = Number(ZERO)


def is_null(value: Value) -> bool:
    return type(value) is Number and value.range == ZERO
