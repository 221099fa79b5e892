"""A UDP datagram as it arrives: what a test says of it, and the bytes that come of that."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from syrupc.kernel.headers import IP4, IP6, IPPROTO_UDP, UDP
from syrupc.spec import U32

Address = IPv4Address | IPv6Address

_LOOPBACK: Final[dict[int, Address]] = {4: IPv4Address("127.0.0.1"), 6: IPv6Address("::1")}
_DONT_FRAGMENT: Final = 0x4000
_LONGEST: Final = 0xFFFF - UDP.size
_CHECKSUM: Final = 10
_M16: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class Datagram:
    """A datagram by its fields; what is not given is as Linux sends it over loopback.

    It is one of IPv6 if an address is, or if `flow_label` is given. `ttl` and `tos` are the hop limit and the traffic
    class there. `options` are those of IPv4, in fours of bytes. `linear` is how many bytes from the UDP header on a
    program reaches by pointer: None for all. The UDP checksum stays 0, as the kernel shows it before it is computed.

    Raises `ValueError` for what no datagram can be.
    """

    payload: bytes
    source_port: int = 40_000
    flow_hash: int = 0
    destination_port: int = 9000
    source: str | None = None
    destination: str | None = None
    ttl: int = 64
    tos: int = 0
    flow_label: int | None = None
    options: bytes = b""
    linear: int | None = None

    def __post_init__(self) -> None:
        _require("flow_hash", self.flow_hash, U32.maximum)
        _require(
            "a payload's length", len(self.payload), _LONGEST - (IP4.size + len(self.options)) * (self.version == 4)
        )
        self.network()
        self.segment()

    @property
    def addresses(self) -> tuple[Address, Address]:
        """Where it comes from and goes to."""
        given = [ip_address(a) if a is not None else None for a in (self.source, self.destination)]
        newer = self.flow_label is not None or any(isinstance(a, IPv6Address) for a in given)
        version = 6 if newer else 4
        source, destination = (a or _LOOPBACK[version] for a in given)
        if {source.version, destination.version} != {version}:
            raise ValueError(f"no datagram of IPv{version} goes from {source} to {destination}")
        return source, destination

    @property
    def version(self) -> int:
        """That of IP: 4 or 6."""
        return self.addresses[0].version

    def segment(self) -> bytes:
        """The UDP header and the payload."""
        length = UDP.size + len(self.payload)
        header = UDP.encode(src_port=self.source_port, dst_port=self.destination_port, length=length)
        return header + self.payload

    def network(self) -> bytes:
        """The IP header, with its options."""
        source, destination = self.addresses
        if source.version == 6:
            return self._ip6(source.packed, destination.packed)
        return self._ip4(int(source), int(destination))

    def _ip4(self, source: int, destination: int) -> bytes:
        length = IP4.size + len(self.options)
        if length % 4:
            raise ValueError(f"IPv4 options come in fours of bytes, not {len(self.options)}")
        header = IP4.encode(
            version=4,
            ihl=length // 4,
            tos=self.tos,
            total_length=length + UDP.size + len(self.payload),
            flags_fragment=_DONT_FRAGMENT,
            ttl=self.ttl,
            protocol=IPPROTO_UDP,
            src=source,
            dst=destination,
        )
        checksum = _checksum(header + self.options)
        return header[:_CHECKSUM] + checksum.to_bytes(2, "big") + header[_CHECKSUM + 2 :] + self.options

    def _ip6(self, source: bytes, destination: bytes) -> bytes:
        if self.options:
            raise ValueError("options are of IPv4")
        (src_high, src_low), (dst_high, dst_low) = (struct.unpack(">2Q", a) for a in (source, destination))
        return IP6.encode(
            version=6,
            traffic_class=self.tos,
            flow_label=self.flow_label or 0,
            payload_length=UDP.size + len(self.payload),
            next_header=IPPROTO_UDP,
            hop_limit=self.ttl,
            src_high=src_high,
            src_low=src_low,
            dst_high=dst_high,
            dst_low=dst_low,
        )


def _require(what: str, value: int, most: int) -> None:
    if not 0 <= value <= most:
        raise ValueError(f"{what} is {value}, not 0 to {most}")


def _checksum(header: bytes) -> int:
    """The ones' complement of the ones' complement sum (RFC 1071)."""
    total: int = sum(struct.unpack(f">{len(header) // 2}H", header))
    while total > _M16:
        total = (total & _M16) + (total >> 16)
    return total ^ _M16
