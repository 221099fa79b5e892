"""Packets as a policy sees them, and as a test builds them."""

from __future__ import annotations

from syrupc.datagram import Datagram
from syrupc.kernel.headers import Header
from syrupc.lang.headers import Eth, Ip4, Ip6, NoHeader, Tcp, Udp
from syrupc.lang.records import AnyRecord
from syrupc.lang.views import View


class Packet:
    """One UDP datagram. In a test: `Packet(b"GET key", src_port=4000, src="10.0.0.7", dst="10.0.0.1", ttl=64)`.

    The payload is bytes, a view or a record. Addresses that are not given are loopback's. With an IPv6 address or a
    flow label the packet is one of IPv6; then `ttl` and `tos` are the hop limit and the traffic class. Raises
    `ValueError` for what no datagram can be.
    """

    __slots__ = ("_datagram", "payload")

    payload: View
    """The bytes after the transport header."""

    def __init__(
        self,
        payload: bytes | View | AnyRecord = b"",
        *,
        src_port: int = 0,
        dst_port: int = 0,
        flow_hash: int = 0,
        src: str | None = None,
        dst: str | None = None,
        ttl: int = 64,
        tos: int = 0,
        flow_label: int | None = None,
        ip_options: bytes = b"",
    ) -> None:
        self.payload = payload if isinstance(payload, View) else View(payload)
        self._datagram = Datagram(
            bytes(self.payload),
            source_port=src_port,
            flow_hash=flow_hash,
            destination_port=dst_port,
            source=src,
            destination=dst,
            ttl=ttl,
            tos=tos,
            flow_label=flow_label,
            options=ip_options,
        )

    @property
    def src_port(self) -> int:
        """The sender's port, a host integer."""
        return self._datagram.source_port

    @property
    def dst_port(self) -> int:
        """The port it was sent to, a host integer."""
        return self._datagram.destination_port

    @property
    def flow_hash(self) -> int:
        """The 32-bit hash that the kernel computed over the addresses and ports."""
        return self._datagram.flow_hash

    @property
    def ip_version(self) -> int:
        """4 or 6: which of `ip4` and `ip6` the packet has."""
        return self._datagram.version

    @property
    def eth(self) -> Eth:
        """The Ethernet header. Raises `NoHeader` for a packet of a test, as it has none."""
        raise _absent(Eth.HEADER)

    @property
    def ip4(self) -> Ip4:
        """The IPv4 header. Raises `NoHeader` if the packet is not one of IPv4."""
        if self.ip_version != 4:
            raise _absent(Ip4.HEADER)
        return Ip4(self._datagram.network())

    @property
    def ip6(self) -> Ip6:
        """The IPv6 header. Raises `NoHeader` if the packet is not one of IPv6."""
        if self.ip_version != 6:
            raise _absent(Ip6.HEADER)
        return Ip6(self._datagram.network())

    @property
    def tcp(self) -> Tcp:
        """The TCP header. Raises `NoHeader` for a datagram, as it has none."""
        raise _absent(Tcp.HEADER)

    @property
    def udp(self) -> Udp:
        """The UDP header."""
        return Udp(self._datagram.segment()[: Udp.HEADER.size])

    def __repr__(self) -> str:
        return f"Packet({bytes(self.payload)!r}, src_port={self.src_port}, flow_hash={self.flow_hash:#x})"


def datagram_of(packet: Packet) -> Datagram:
    """The packet as what arrives."""
    return packet._datagram


def _absent(header: Header) -> NoHeader:
    return NoHeader(f"the packet has no {header.title}")
