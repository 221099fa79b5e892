"""What a program is asked about: a packet, and the context structure that describes it, one builder a program type.

Offsets are those of include/uapi/linux/bpf.h. What a builder is not told has the value that `BPF_PROG_TEST_RUN` gives
it (Linux 6.18), so that a run here can be compared with one there.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, replace
from typing import Final

ETH_HEADER: Final = 14
_ETH_P_IP: Final = 0x0800
_ETH_P_802_2: Final = 0x0004
_ETH_P_802_3: Final = 0x0001
_ETH_P_802_3_MIN: Final = 0x0600
_UDP: Final = 17
_AF_INET: Final = 2
_AF_INET6: Final = 10
_SOCK_DGRAM: Final = 2


@dataclass(frozen=True, slots=True)
class Packet:
    """A packet as the kernel holds it.

    `data` is what the context's `data` points to and on; the first `linear` bytes of it can be read directly, helpers
    reach the rest. `head` is what precedes it. `mac` and `network` are where those headers begin, counted from the
    first byte of `head`; `mac` is `None` where there is no link-layer header.
    """

    data: bytes
    linear: int
    head: bytes = b""
    mac: int | None = 0
    network: int = 0
    writable: bool = False


@dataclass(frozen=True, slots=True)
class Socket:
    """The socket that a context refers to: `struct bpf_sock`, as far as it says anything here.

    `local` and `remote` are addresses in network order: 4 or 16 bytes, or none.
    """

    family: int = 0
    type: int = 0
    protocol: int = 0
    state: int = 7
    rx_queue_mapping: int = -1
    local: bytes = b""
    remote: bytes = b""

    def layout(self) -> bytes:
        """The structure's bytes."""
        numbers = (self.family, self.type, self.protocol, self.state, self.rx_queue_mapping)
        fields = bytearray(struct.pack("<4x3I56xIi", *numbers))
        _put_address(fields, self.local, 24, 28)
        _put_address(fields, self.remote, 52, 56)
        return bytes(fields)


def _put_address(fields: bytearray, address: bytes, offset4: int, offset6: int) -> None:
    offset = offset4 if len(address) == 4 else offset6
    fields[offset : offset + len(address)] = address


@dataclass(frozen=True, slots=True)
class Context:
    """A context structure: its scalar fields as `fields`, its pointers as (offset, size, what they point to).

    A pointer is loaded with exactly its own size, also where that is four bytes: the kernel then gives all of it. What
    they point to: "data", "data_end", "data_meta", "socket" or "nothing". `writable` are the offsets that programs may
    store to.
    """

    name: str
    fields: bytes
    pointers: tuple[tuple[int, int, str], ...]
    packet: Packet
    socket: Socket | None = None
    writable: frozenset[int] = frozenset()


def sk_reuseport(
    segment: bytes,
    *,
    linear: int | None = None,
    head: bytes = b"",
    mac: int | None = None,
    network: int = 0,
    eth_protocol: int = _ETH_P_IP,
    ip_protocol: int = _UDP,
    hash: int = 0,
    bind_inany: bool = False,
) -> Context:
    """A datagram (or TCP segment) for a reuse-port group. `segment` begins with its UDP or TCP header.

    `linear` bytes of it can be read directly (all, unless the packet is split). `head`, `mac` and `network` are as in
    `Packet`.
    """
    protocol = int.from_bytes(eth_protocol.to_bytes(2, "big"), "little")
    fields = struct.pack("<16x5I20x", len(segment), protocol, ip_protocol, bind_inany, hash)
    packet = Packet(segment, len(segment) if linear is None else linear, head, mac, network)
    pointers = ((0, 8, "data"), (8, 8, "data_end"), (40, 8, "socket"), (48, 8, "nothing"))
    family = _AF_INET if eth_protocol == _ETH_P_IP else _AF_INET6
    return Context("sk_reuseport_md", fields, pointers, packet, Socket(family, _SOCK_DGRAM, ip_protocol))


def xdp(frame: bytes, *, ingress_ifindex: int = 1, rx_queue_index: int = 0) -> Context:
    """A frame as a driver hands it over."""
    fields = struct.pack("<12x3I", ingress_ifindex, rx_queue_index, 0)
    pointers = ((0, 4, "data"), (4, 4, "data_end"), (8, 4, "data_meta"))
    packet = Packet(frame, len(frame), network=ETH_HEADER, writable=True)
    return Context("xdp_md", fields, pointers, packet)


# Offsets in struct __sk_buff.
_SKB_SIZE: Final = 192
_LEN, _PKT_TYPE, _PROTOCOL, _IFINDEX, _FAMILY = 0, 4, 16, 40, 88
_MARK, _QUEUE_MAPPING, _PRIORITY, _TC_INDEX, _CB, _TC_CLASSID, _TSTAMP = 8, 12, 32, 44, 48, 72, 152
_SKB_POINTERS: Final = ((76, 4, "data"), (80, 4, "data_end"), (140, 4, "data_meta"), (168, 8, "socket"))
_SKB_SOCKET_ONLY: Final = ((168, 8, "socket"),)


def _bytes_of(*fields: tuple[int, int]) -> frozenset[int]:
    return frozenset(offset + byte for offset, size in fields for byte in range(size))


_CB_BYTES: Final = _bytes_of((_CB, 20))
_CLS_BYTES: Final = _CB_BYTES | _bytes_of(
    (_MARK, 4), (_QUEUE_MAPPING, 4), (_PRIORITY, 4), (_TC_INDEX, 4), (_TC_CLASSID, 4), (_TSTAMP, 8)
)
_CGROUP_BYTES: Final = _CB_BYTES | _bytes_of((_MARK, 4), (_PRIORITY, 4), (_TSTAMP, 8))


def socket_filter(frame: bytes) -> Context:
    """A frame at a socket filter: its data begins after the link-layer header, and is reached by helpers only."""
    return _without_link_header(frame, _SKB_SOCKET_ONLY, _CB_BYTES)


def cgroup_skb(frame: bytes) -> Context:
    """A frame at a control group's filter: its data begins after the link-layer header."""
    return _without_link_header(frame, _SKB_POINTERS, _CGROUP_BYTES)


def sched_cls(frame: bytes) -> Context:
    """A frame at a traffic classifier or action."""
    packet = Packet(frame, len(frame), network=ETH_HEADER, writable=True)
    return _skb(frame, packet, _SKB_POINTERS, _CLS_BYTES)


def _without_link_header(frame: bytes, pointers: tuple[tuple[int, int, str], ...], writable: frozenset[int]) -> Context:
    data = frame[ETH_HEADER:]
    packet = Packet(data, len(data), frame[:ETH_HEADER], network=ETH_HEADER)
    return _skb(frame, packet, pointers, writable)


def _skb(frame: bytes, packet: Packet, pointers: tuple[tuple[int, int, str], ...], writable: frozenset[int]) -> Context:
    fields = bytearray(_SKB_SIZE)
    socket = _frame_socket(frame)
    for offset, value in (
        (_LEN, len(packet.data)),
        (_PKT_TYPE, _frame_type(frame)),
        (_PROTOCOL, _frame_protocol(frame)),
        (_IFINDEX, 1),
        (_FAMILY, socket.family),
    ):
        struct.pack_into("<I", fields, offset, value)
    _put_address(fields, socket.remote, 92, 100)
    _put_address(fields, socket.local, 96, 116)
    return Context("__sk_buff", bytes(fields), pointers, packet, socket, writable)


def _frame_socket(frame: bytes) -> Socket:
    """The socket that a test run invents for a frame: it has the frame's addresses."""
    match frame[12:14], frame[ETH_HEADER:]:
        case b"\x08\x00", header:
            addresses = (header[12:16], header[16:20]) if len(header) >= 20 else (b"", b"")
            return Socket(_AF_INET, local=addresses[0], remote=addresses[1])
        case b"\x86\xdd", header:
            addresses = (header[8:24], header[24:40]) if len(header) >= 40 else (b"", b"")
            return Socket(_AF_INET6, local=addresses[0], remote=addresses[1])
        case _:
            return Socket()


def _frame_type(frame: bytes) -> int:
    """PACKET_HOST, _MULTICAST or _OTHERHOST, for the loopback device, whose addresses are all zeros."""
    if frame[:6] == bytes(6):
        return 0
    return 2 if frame[0] & 1 else 3


def _frame_protocol(frame: bytes) -> int:
    """The protocol as the context shows it: two bytes in network order, read as a host number."""
    number = int.from_bytes(frame[12:14], "big")
    if number < _ETH_P_802_3_MIN:
        number = _ETH_P_802_3 if frame[14:16] == b"\xff\xff" else _ETH_P_802_2
    return int.from_bytes(number.to_bytes(2, "big"), "little")


def with_field(context: Context, offset: int, size: int, value: int) -> Context:
    """The context with one scalar field set."""
    fields = bytearray(context.fields)
    fields[offset : offset + size] = value.to_bytes(size, "little")
    return replace(context, fields=bytes(fields))
