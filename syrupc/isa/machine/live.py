"""A context while a program runs: its structure and its packet, placed in the address space."""

# Some regions refuse an access whatever its arguments.
# ruff: noqa: ARG002

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from syrupc.isa.machine.contexts import Context, Packet, Socket
from syrupc.isa.machine.memory import Memory, Region, StepError

_FROM_NETWORK: Final = -0x100000
_FROM_MAC: Final = -0x200000


class ContextRegion(Region):
    """The context structure: numbers, and pointers that are loaded whole."""

    __slots__ = ("pointers", "solid", "stores")

    def __init__(self, context: Context, targets: Mapping[str, int]) -> None:
        super().__init__(context.name, bytearray(context.fields))
        self.stores = context.writable
        self.pointers = {(offset, size): targets[what] for offset, size, what in context.pointers}
        self.solid = frozenset(offset + byte for offset, size, _ in context.pointers for byte in range(size))

    def load(self, offset: int, size: int) -> int:
        pointer = self.pointers.get((offset, size))
        if pointer is not None:
            return pointer
        if not self.solid.isdisjoint(range(offset, offset + size)):
            raise StepError(f"load of {size} bytes at offset {offset} of {self.name} cuts a pointer")
        return super().load(offset, size)

    def store(self, offset: int, size: int, value: int) -> None:
        if not self.stores.issuperset(range(offset, offset + size)):
            raise StepError(f"store of {size} bytes at offset {offset} of {self.name}, where none is allowed")
        super().store(offset, size, value)

    def read(self, offset: int, size: int) -> bytes:
        raise StepError(f"{self.name} given to a helper as memory")

    def write(self, offset: int, data: bytes) -> None:
        raise StepError(f"{self.name} given to a helper as memory")


class LivePacket:
    """A packet that a program may be writing to: the part it reads directly is a region, helpers see all of it."""

    def __init__(self, packet: Packet) -> None:
        self.packet = packet
        self.linear = Region("the packet", bytearray(packet.data[: packet.linear]), writable=packet.writable)
        self.rest = packet.data[packet.linear :]

    @property
    def data(self) -> bytes:
        """From where the context's `data` points to the packet's end."""
        return bytes(self.linear.data) + self.rest

    def load(self, offset: int, size: int) -> bytes | None:
        """Bytes counted from `data`; `None` if they are not all there."""
        data = self.data
        return data[offset : offset + size] if offset >= 0 and offset + size <= len(data) else None

    def load_from_header(self, start: int | None, offset: int, size: int) -> bytes | None:
        """Bytes counted from a header (`Packet.mac`, `Packet.network`), in the linear part only, as in the kernel."""
        if start is None:
            return None
        whole = self.packet.head + bytes(self.linear.data)
        begin = start + offset
        return whole[begin : begin + size] if begin >= 0 and begin + size <= len(whole) else None

    def load_legacy(self, offset: int, size: int) -> bytes | None:
        """Bytes at an offset of `LD_ABS` or `LD_IND`: negative ones count from a header."""
        if offset >= 0:
            return self.load(offset, size)
        if offset >= _FROM_NETWORK:
            return self.load_from_header(self.packet.network, offset - _FROM_NETWORK, size)
        if offset >= _FROM_MAC:
            return self.load_from_header(self.packet.mac, offset - _FROM_MAC, size)
        return None

    def store(self, offset: int, data: bytes) -> bool:
        """Whether the bytes were there to be overwritten."""
        if offset < 0 or offset + len(data) > self.linear.size + len(self.rest):
            return False
        whole = bytearray(self.data)
        whole[offset : offset + len(data)] = data
        self.linear.data[:] = whole[: self.linear.size]
        self.rest = bytes(whole[self.linear.size :])
        return True


def place(context: Context, memory: Memory) -> tuple[int, LivePacket]:
    """Gives the context and its packet addresses; the context's address, and the packet."""
    packet = LivePacket(context.packet)
    data = memory.place(packet.linear)
    socket = memory.place(SocketRegion(context.socket)) if context.socket else 0
    targets = {
        "data": data,
        "data_end": data + packet.linear.size,
        "data_meta": data,
        "socket": socket,
        "nothing": 0,
    }
    return memory.place(ContextRegion(context, targets)), packet


class SocketRegion(Region):
    """A socket's fields, as `bpf_sk_fullsock` shows them."""

    __slots__ = ("socket",)

    def __init__(self, socket: Socket) -> None:
        super().__init__("a socket", bytearray(socket.layout()), writable=False)
        self.socket = socket
