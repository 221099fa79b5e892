"""Packets as plain Python: bytes from the headers on, read, compared and searched as Python does it."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from tests.fuzz.layouts import unpack
from tests.fuzz.numbers import Num
from tests.fuzz.records import Record


class ShortError(IndexError):
    """A read past the end."""


class NoHeaderError(LookupError):
    """A header that the packet does not have."""


class View:
    """A range of a packet's bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, part: slice) -> bytes:
        return self.data[part]

    def startswith(self, prefix: bytes) -> Num:
        return Num(self.data.startswith(prefix))

    def read(self, struct: type[Record], o: int = 0) -> Record:
        start = int(o)  # as a number of Python's, which does not wrap
        if start < 0 or start + struct.layout.size > len(self.data):
            raise ShortError
        return struct.of(unpack(struct.layout, self.data[start : start + struct.layout.size]))

    def find(self, byte: int | bytes, *, max: int) -> Num:
        return Num(self.data.find(byte, 0, max))


def _reader(size: int, order: Any) -> Callable[[View, int], Num]:
    def read(view: View, offset: int) -> Num:
        start = int(offset)
        if start < 0 or start + size > len(view.data):
            raise ShortError
        return Num(int.from_bytes(view.data[start : start + size], order), size == 8)

    return read


for _bits in (8, 16, 32, 64):
    setattr(View, f"u{_bits}", _reader(_bits // 8, "little"))
    setattr(View, f"be{_bits}", _reader(_bits // 8, "big"))


class Udp(View):
    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.src_port, self.dst_port, self.length, self.checksum = map(Num, struct.unpack(">4H", data))


class Ip4(View):
    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        first, *others = map(Num, struct.unpack(">BBHHHBBHII", data[:20]))
        self.version, self.ihl = first >> 4, first & 15
        self.tos, self.total_length, self.id, self.flags_fragment, *others = others
        self.ttl, self.protocol, self.checksum, self.src, self.dst = others


class Ip6(View):
    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        first, self.payload_length, self.next_header, self.hop_limit = map(Num, struct.unpack(">IHBB", data[:8]))
        self.version, self.traffic_class, self.flow_label = first >> 28, first >> 20 & 255, first & 0xFFFFF
        addresses = (Num(half, True) for half in struct.unpack(">4Q", data[8:]))
        self.src_high, self.src_low, self.dst_high, self.dst_low = addresses


class Packet:
    """A packet of its bytes from the IP header and from the UDP header on."""

    def __init__(self, network: bytes, segment: bytes, flow_hash: int) -> None:
        self._network = network
        self.ip_version = Num(network[0] >> 4)
        self.udp, self.payload, self.flow_hash = Udp(segment[:8]), View(segment[8:]), Num(flow_hash)
        self.src_port, self.dst_port = self.udp.src_port, self.udp.dst_port

    @property
    def ip4(self) -> Ip4:
        if self.ip_version != 4:
            raise NoHeaderError
        return Ip4(self._network)

    @property
    def ip6(self) -> Ip6:
        if self.ip_version != 6:
            raise NoHeaderError
        return Ip6(self._network)
