"""Packets as a policy sees them, and as a test builds them."""

from __future__ import annotations

from typing import Final

MAX_PAYLOAD: Final = 0xFFFF - 8
"""The longest payload of a UDP datagram."""


class ShortPacket(IndexError):  # noqa: N818 -- the name of a condition, as users see it in fault counters
    """A read past the end of the packet."""


class View:
    """A range of a packet's bytes. Reads are unsigned; `be16 be32 be64` read network byte order."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes = b"") -> None:
        self._data = bytes(data)

    def __len__(self) -> int:
        return len(self._data)

    def __bytes__(self) -> bytes:
        return self._data

    def __repr__(self) -> str:
        return f"View({self._data!r})"

    def u8(self, offset: int) -> int:
        """The byte at `offset`. Raises `ShortPacket` outside the packet."""
        return self._read(offset, 1, "little")

    def u16(self, offset: int) -> int:
        """The 16-bit little-endian integer at `offset`. Raises `ShortPacket` outside the packet."""
        return self._read(offset, 2, "little")

    def u32(self, offset: int) -> int:
        """The 32-bit little-endian integer at `offset`. Raises `ShortPacket` outside the packet."""
        return self._read(offset, 4, "little")

    def u64(self, offset: int) -> int:
        """The 64-bit little-endian integer at `offset`, a `u64`. Raises `ShortPacket` outside the packet."""
        return self._read(offset, 8, "little")

    def be16(self, offset: int) -> int:
        """The 16-bit integer in network byte order at `offset`. Raises `ShortPacket` outside the packet."""
        return self._read(offset, 2, "big")

    def be32(self, offset: int) -> int:
        """The 32-bit integer in network byte order at `offset`. Raises `ShortPacket` outside the packet."""
        return self._read(offset, 4, "big")

    def be64(self, offset: int) -> int:
        """The 64-bit integer in network byte order at `offset`, a `u64`. Raises `ShortPacket` outside the packet."""
        return self._read(offset, 8, "big")

    def _read(self, offset: int, size: int, order: str) -> int:
        if offset < 0 or offset + size > len(self._data):
            raise ShortPacket(f"bytes {offset}..{offset + size} of {len(self._data)}")
        return int.from_bytes(self._data[offset : offset + size], "big" if order == "big" else "little")


class Packet:
    """One datagram. In a unit test: `Packet(b"...", src_port=4000)`."""

    __slots__ = ("dst_port", "flow_hash", "payload", "src_port")

    payload: View
    """The bytes after the transport header."""
    src_port: int
    """The sender's port, a host integer."""
    dst_port: int
    """The port it was sent to, a host integer."""
    flow_hash: int
    """The 32-bit hash that the kernel computed over the addresses and ports."""

    def __init__(
        self, payload: bytes | View = b"", *, src_port: int = 0, dst_port: int = 0, flow_hash: int = 0
    ) -> None:
        self.payload = payload if isinstance(payload, View) else View(payload)
        _require("a payload's length", len(self.payload), MAX_PAYLOAD)
        _require("src_port", src_port, 0xFFFF)
        _require("dst_port", dst_port, 0xFFFF)
        _require("flow_hash", flow_hash, 0xFFFF_FFFF)
        self.src_port = src_port
        self.dst_port = dst_port
        self.flow_hash = flow_hash

    def __repr__(self) -> str:
        return f"Packet({bytes(self.payload)!r}, src_port={self.src_port}, flow_hash={self.flow_hash:#x})"


def _require(what: str, value: int, most: int) -> None:
    if not 0 <= value <= most:
        raise ValueError(f"{what} is {value}, not 0 to {most}")
