"""The headers of a packet: views whose fields are attributes, all of them non-negative integers.

Where a field lies is known to `syrupc.kernel.headers` alone.
"""

from __future__ import annotations

from typing import ClassVar, Final, overload

from syrupc.kernel import headers
from syrupc.lang.views import View


class NoHeader(LookupError):  # noqa: N818 -- the name of a condition, as users see it in fault counters
    """The packet has no such header."""


class _Field:
    """An attribute that reads the field of its name."""

    __slots__ = ("_field",)

    def __set_name__(self, owner: type[HeaderView], name: str) -> None:
        field = owner.HEADER.field(name)
        assert field is not None, name
        self._field = field

    @overload
    def __get__(self, view: None, owner: type[HeaderView]) -> _Field: ...

    @overload
    def __get__(self, view: HeaderView, owner: type[HeaderView]) -> int: ...

    def __get__(self, view: HeaderView | None, owner: type[HeaderView]) -> _Field | int:
        if view is None:
            return self
        return self._field.extract(view._read(self._field.offset, self._field.unit.size, "big"))


class HeaderView(View):
    """A view of a header, options included: its methods count from the header's first byte."""

    __slots__ = ()

    HEADER: ClassVar[headers.Header]


class Eth(HeaderView):
    """The Ethernet header."""

    __slots__ = ()
    HEADER = headers.ETH

    dst = _Field()
    """Where the frame goes to: the six bytes of the address as one number."""
    src = _Field()
    """Where the frame comes from: the six bytes of the address as one number."""
    type = _Field()
    """What the frame carries: 0x0800 IPv4, 0x86dd IPv6, 0x8100 a VLAN tag."""


class Ip4(HeaderView):
    """The IPv4 header. `len(pkt.ip4)` is 20, and more with options."""

    __slots__ = ()
    HEADER = headers.IP4

    version = _Field()
    """The version of IP, 4."""
    ihl = _Field()
    """The length of the header in units of four bytes."""
    tos = _Field()
    """Type of service: the DSCP in the upper six bits, ECN in the lower two."""
    total_length = _Field()
    """Bytes of this header and all that follows it."""
    id = _Field()
    """What fragments of one datagram have in common."""
    flags_fragment = _Field()
    """0x4000 for "do not fragment", 0x2000 for "more fragments follow", below them the offset in units of 8 bytes."""
    ttl = _Field()
    """How many more routers may pass the packet on."""
    protocol = _Field()
    """What the packet carries: 17 UDP, 6 TCP."""
    checksum = _Field()
    """The checksum over the header."""
    src = _Field()
    """The sender's address: 10.0.0.7 is 0x0a000007."""
    dst = _Field()
    """The receiver's address: 10.0.0.7 is 0x0a000007."""


class Ip6(HeaderView):
    """The IPv6 header, without extension headers."""

    __slots__ = ()
    HEADER = headers.IP6

    version = _Field()
    """The version of IP, 6."""
    traffic_class = _Field()
    """The DSCP in the upper six bits, ECN in the lower two."""
    flow_label = _Field()
    """What the sender gives all packets of one flow, 20 bits; 0 if it gives none."""
    payload_length = _Field()
    """Bytes that follow this header."""
    next_header = _Field()
    """What follows this header: 17 UDP, 6 TCP, or an extension header."""
    hop_limit = _Field()
    """How many more routers may pass the packet on."""
    src_high = _Field()
    """The upper 64 bits of the sender's address, a `u64`: of fd00::7 they are 0xfd00_0000_0000_0000."""
    src_low = _Field()
    """The lower 64 bits of the sender's address, a `u64`: of fd00::7 they are 7."""
    dst_high = _Field()
    """The upper 64 bits of the receiver's address, a `u64`."""
    dst_low = _Field()
    """The lower 64 bits of the receiver's address, a `u64`."""


class Tcp(HeaderView):
    """The TCP header. `len(pkt.tcp)` is 20, and more with options."""

    __slots__ = ()
    HEADER = headers.TCP

    src_port = _Field()
    """The sender's port."""
    dst_port = _Field()
    """The receiver's port."""
    seq = _Field()
    """The sequence number of the first byte that the segment carries."""
    ack = _Field()
    """The sequence number that the sender expects next."""
    data_offset = _Field()
    """The length of the header in units of four bytes."""
    flags = _Field()
    """FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32, ECE 64, CWR 128."""
    window = _Field()
    """How much the sender takes, before scaling."""
    checksum = _Field()
    """The checksum as it arrived."""
    urgent = _Field()
    """Where urgent data end, if URG is set."""


class Udp(HeaderView):
    """The UDP header."""

    __slots__ = ()
    HEADER = headers.UDP

    src_port = _Field()
    """The sender's port."""
    dst_port = _Field()
    """The receiver's port."""
    length = _Field()
    """Bytes of this header and the payload."""
    checksum = _Field()
    """The checksum as it arrived. The kernel leaves it unfinished on loopback, and a packet of a test has 0."""


VIEWS: Final = {view.HEADER.name: view for view in (Eth, Ip4, Ip6, Tcp, Udp)}
"""Attribute of a packet -> the class of the view."""
