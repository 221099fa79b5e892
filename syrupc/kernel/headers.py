"""Protocol headers: which fields each has, and where they lie. A header is the same at every hook that sees it.

The names are those of a policy. Layouts are of RFC 768 (UDP), 791 (IPv4), 8200 (IPv6), 9293 (TCP) and IEEE 802.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from syrupc.spec import BE16, BE32, BE64, U8, IntType


@dataclass(frozen=True, slots=True)
class HeaderField:
    """An unsigned number in network byte order: of the `unit` at `offset`, the `bits` above its lowest `shift`."""

    name: str
    unit: IntType
    offset: int
    shift: int
    bits: int

    @property
    def end(self) -> int:
        """The offset behind the last byte that the field touches."""
        return self.offset + self.unit.size

    def extract(self, unit: int) -> int:
        """The field's value, out of that of its unit."""
        return unit >> self.shift & ((1 << self.bits) - 1)


@dataclass(frozen=True, slots=True)
class Header:
    """A header: its name in a policy, and in a sentence; its bytes without options, and with the most there can be.

    `words` names the field that counts the bytes that there are, in fours; of a header without options it is None.
    """

    name: str
    title: str
    size: int
    longest: int
    fields: tuple[HeaderField, ...]
    words: str | None = None

    def field(self, name: str) -> HeaderField | None:
        return next((f for f in self.fields if f.name == name), None)

    def encode(self, **values: int) -> bytes:
        """The header with these fields, and all others 0. Raises `ValueError` for what a field cannot hold."""
        number = 0
        known = {field.name: field for field in self.fields}
        for name, value in values.items():
            field = known[name]
            if not 0 <= value < 1 << field.bits:
                raise ValueError(f"{name} of the {self.title} is {value}, not 0 to {(1 << field.bits) - 1}")
            number |= value << 8 * (self.size - field.end) + field.shift
        return number.to_bytes(self.size, "big")


def _whole(name: str, unit: IntType, offset: int) -> HeaderField:
    return HeaderField(name, unit, offset, 0, unit.bits)


ETH: Final = Header(
    "eth",
    "Ethernet header",
    14,
    14,
    (
        HeaderField("dst", BE64, 0, 16, 48),
        HeaderField("src", BE64, 6, 16, 48),
        _whole("type", BE16, 12),
    ),
)

IP4: Final = Header(
    "ip4",
    "IPv4 header",
    20,
    60,
    (
        HeaderField("version", U8, 0, 4, 4),
        HeaderField("ihl", U8, 0, 0, 4),
        _whole("tos", U8, 1),
        _whole("total_length", BE16, 2),
        _whole("id", BE16, 4),
        _whole("flags_fragment", BE16, 6),
        _whole("ttl", U8, 8),
        _whole("protocol", U8, 9),
        _whole("checksum", BE16, 10),
        _whole("src", BE32, 12),
        _whole("dst", BE32, 16),
    ),
    words="ihl",
)

IP6: Final = Header(
    "ip6",
    "IPv6 header",
    40,
    40,
    (
        HeaderField("version", U8, 0, 4, 4),
        HeaderField("traffic_class", BE16, 0, 4, 8),
        HeaderField("flow_label", BE32, 0, 0, 20),
        _whole("payload_length", BE16, 4),
        _whole("next_header", U8, 6),
        _whole("hop_limit", U8, 7),
        _whole("src_high", BE64, 8),
        _whole("src_low", BE64, 16),
        _whole("dst_high", BE64, 24),
        _whole("dst_low", BE64, 32),
    ),
)

TCP: Final = Header(
    "tcp",
    "TCP header",
    20,
    60,
    (
        _whole("src_port", BE16, 0),
        _whole("dst_port", BE16, 2),
        _whole("seq", BE32, 4),
        _whole("ack", BE32, 8),
        HeaderField("data_offset", U8, 12, 4, 4),
        _whole("flags", U8, 13),
        _whole("window", BE16, 14),
        _whole("checksum", BE16, 16),
        _whole("urgent", BE16, 18),
    ),
    words="data_offset",
)

UDP: Final = Header(
    "udp",
    "UDP header",
    8,
    8,
    (
        _whole("src_port", BE16, 0),
        _whole("dst_port", BE16, 2),
        _whole("length", BE16, 4),
        _whole("checksum", BE16, 6),
    ),
)

HEADERS: Final = {header.name: header for header in (ETH, IP4, IP6, TCP, UDP)}
"""Attribute of a packet -> the header that it names."""

ETHERTYPES: Final = {"ip4": 0x0800, "ip6": 0x86DD}
"""Network header -> its number in an Ethernet header."""

IPPROTO_UDP: Final = 17
