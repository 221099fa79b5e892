"""Views: the bytes of a packet as a policy reads, compares and searches them."""

from __future__ import annotations

from typing import Literal, TypeVar, cast

from syrupc.lang.records import AnyRecord, Record, Structured, kind_of

R = TypeVar("R")


class ShortPacket(IndexError):  # noqa: N818 -- the name of a condition, as users see it in fault counters
    """A read past the end of the packet, or of the header."""


class View:
    """A range of a packet's bytes. Reads are unsigned; `be16 be32 be64` read network byte order.

    `len(view)` is how many bytes there are. A slice is for comparing: `view[0:4] == b"GET "`.
    """

    __slots__ = ("_data",)

    def __init__(self, data: bytes | AnyRecord = b"") -> None:
        if not isinstance(data, bytes | bytearray | memoryview | Record):
            raise TypeError(f"a view is of bytes or of a record, not of `{type(data).__name__}`")
        self._data = bytes(data)

    def __len__(self) -> int:
        return len(self._data)

    def __bytes__(self) -> bytes:
        return self._data

    def __getitem__(self, part: slice) -> bytes:
        """The bytes of a slice, cut where the view ends. In a policy they are compared with a bytes constant."""
        if not isinstance(part, slice) or part.step is not None:
            raise TypeError("a view gives slices without a step; one byte is `view.u8(offset)`")
        return self._data[part]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._data!r})"

    def u8(self, offset: int) -> int:
        """The byte at `offset`. Raises `ShortPacket` outside the view."""
        return self._read(offset, 1, "little")

    def u16(self, offset: int) -> int:
        """The 16-bit little-endian integer at `offset`. Raises `ShortPacket` outside the view."""
        return self._read(offset, 2, "little")

    def u32(self, offset: int) -> int:
        """The 32-bit little-endian integer at `offset`. Raises `ShortPacket` outside the view."""
        return self._read(offset, 4, "little")

    def u64(self, offset: int) -> int:
        """The 64-bit little-endian integer at `offset`, a `u64`. Raises `ShortPacket` outside the view."""
        return self._read(offset, 8, "little")

    def be16(self, offset: int) -> int:
        """The 16-bit integer in network byte order at `offset`. Raises `ShortPacket` outside the view."""
        return self._read(offset, 2, "big")

    def be32(self, offset: int) -> int:
        """The 32-bit integer in network byte order at `offset`. Raises `ShortPacket` outside the view."""
        return self._read(offset, 4, "big")

    def be64(self, offset: int) -> int:
        """The 64-bit integer in network byte order at `offset`, a `u64`. Raises `ShortPacket` outside the view."""
        return self._read(offset, 8, "big")

    def startswith(self, prefix: bytes) -> bool:
        """Whether the view begins with `prefix`, a constant. A view that is shorter does not."""
        return self._data.startswith(prefix)

    def find(self, byte: int | bytes, *, max: int) -> int:
        """The offset of the first `byte` among the first `max` bytes, or -1.

        `byte` is 0 to 255, or a constant of one byte; `max` is a constant, 1 or more. Raises `ValueError` for others.
        """
        if isinstance(byte, bytes) and len(byte) != 1:
            raise ValueError(f"{byte!r} is not one byte")
        if max < 1:
            raise ValueError(f"no byte is among the first {max}")
        return self._data.find(byte, 0, max)

    def read(self, struct: type[R], o: int = 0) -> R:
        """The record of a `@syrup.struct` class at offset `o`. Raises `ShortPacket` outside the view."""
        kind = kind_of(struct)
        if not isinstance(kind, Structured):
            raise TypeError(f"a struct is read, not {kind.type}")
        return cast("R", kind.record.from_bytes(self._bytes(o, kind.type.size)))

    def _read(self, offset: int, size: int, order: Literal["little", "big"]) -> int:
        return int.from_bytes(self._bytes(offset, size), order)

    def _bytes(self, offset: int, size: int) -> bytes:
        if offset < 0 or offset + size > len(self._data):
            raise ShortPacket(f"bytes {offset}..{offset + size} of {len(self._data)}")
        return self._data[offset : offset + size]
