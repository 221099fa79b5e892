"""Contexts: the fields that a program type's first argument has, and how each may be accessed."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final


class Gives(enum.Enum):
    """What reading a field yields."""

    NUMBER = "a number"
    PACKET = "the start of the packet"
    PACKET_END = "the end of the packet"
    PACKET_META = "the start of the metadata before the packet"
    SOCKET = "a full socket"
    SOCKET_OR_NULL = "a full socket or null"
    SOCK_COMMON_OR_NULL = "a socket or null"


@dataclass(frozen=True, slots=True)
class Field:
    """A field, or a run of equal ones. `unit` is the widest number read at once; `least` the narrowest.

    `writes` are the widths that may be stored. A pointer is read whole.
    """

    name: str
    offset: int
    size: int
    unit: int
    least: int
    gives: Gives = Gives.NUMBER
    writes: tuple[int, ...] = ()
    since: str = "4.1"
    at_start: bool = False
    """A part of the number is read from its first byte on only."""

    @property
    def end(self) -> int:
        return self.offset + self.size

    def readable(self, offset: int, size: int) -> bool:
        """Whether `size` bytes at `offset` of the context may be read through this field."""
        if self.gives is not Gives.NUMBER:
            return (offset, size) == (self.offset, self.size)
        if (offset, size) == (self.offset, self.unit):
            return True
        if self.at_start and offset != self.offset:
            return False
        return self.least <= size <= self.unit and offset + size <= self.end

    def writable(self, offset: int, size: int) -> bool:
        return size in self.writes and offset + size <= self.end


@dataclass(frozen=True, slots=True)
class Context:
    """The layout. Accesses are aligned to their own size; what lies between fields is out of bounds."""

    name: str
    size: int
    fields: tuple[Field, ...]

    def field_at(self, offset: int) -> Field | None:
        return next((f for f in self.fields if f.offset <= offset < f.end), None)


def _number(name: str, offset: int, since: str = "4.1", writes: tuple[int, ...] = ()) -> Field:
    """A 32-bit number of which parts may be read."""
    return Field(name, offset, 4, 4, 1, Gives.NUMBER, writes, since)


def _whole(name: str, offset: int, size: int = 4, since: str = "4.1", count: int = 1) -> Field:
    """A number, or `count` of them in a row, that must be read whole."""
    return Field(name, offset, size * count, size, size, Gives.NUMBER, (), since)


_SKB: Final = (
    _number("len", 0),
    _number("pkt_type", 4),
    _number("mark", 8),
    _number("queue_mapping", 12),
    _number("protocol", 16),
    _number("vlan_present", 20),
    _number("vlan_tci", 24),
    _number("vlan_proto", 28),
    _number("priority", 32),
    _number("ingress_ifindex", 36, "4.2"),
    _number("ifindex", 40, "4.2"),
    _number("tc_index", 44, "4.2"),
    Field("cb", 48, 20, 8, 1, Gives.NUMBER, (1, 2, 4, 8), "4.2"),
    _number("hash", 68, "4.3"),
    _number("tc_classid", 72, "4.3"),
    Field("data", 76, 4, 4, 4, Gives.PACKET, (), "4.7"),
    Field("data_end", 80, 4, 4, 4, Gives.PACKET_END, (), "4.7"),
    _number("napi_id", 84, "4.12"),
    _number("family", 88, "4.14"),
    _whole("remote_ip4", 92, 4, "4.14"),
    _whole("local_ip4", 96, 4, "4.14"),
    _whole("remote_ip6", 100, 4, "4.14", 4),
    _whole("local_ip6", 116, 4, "4.14", 4),
    _number("remote_port", 132, "4.14"),
    _number("local_port", 136, "4.14"),
    Field("data_meta", 140, 4, 4, 4, Gives.PACKET_META, (), "4.15"),
    _whole("tstamp", 152, 8, "5.0"),
    _number("wire_len", 160, "5.0"),
    _number("gso_segs", 164, "5.1"),
    Field("sk", 168, 8, 8, 8, Gives.SOCK_COMMON_OR_NULL, (), "5.1"),
    _number("gso_size", 176, "5.7"),
    _whole("hwtstamp", 184, 8, "5.16"),
)
_SOCKET_FIELDS: Final = ("family", "remote_ip4", "local_ip4", "remote_ip6", "local_ip6", "remote_port", "local_port")


def _skb(name: str, without: tuple[str, ...], writable: tuple[str, ...], *more: Field) -> Context:
    fields = [
        Field(f.name, f.offset, f.size, f.unit, f.least, f.gives, f.writes or (f.unit,), f.since)
        if f.name in writable
        else Field(f.name, f.offset, f.size, f.unit, f.least, f.gives, (), f.since)
        for f in _SKB
        if f.name not in without
    ]
    return Context(name, 192, tuple(sorted((*fields, *more), key=lambda f: f.offset)))


# net/core/filter.c decides by program type which fields of `struct __sk_buff` exist (`*_is_valid_access`).
_CLASSIFIER: Final = _skb(
    "__sk_buff",
    _SOCKET_FIELDS,
    ("mark", "tc_index", "priority", "tc_classid", "cb", "tstamp", "queue_mapping"),
    Field("tstamp_type", 180, 1, 1, 1, since="5.18"),
)
_PT_REGS: Final = Field("registers", 0, 168, 8, 1)

CONTEXTS: Final = {
    "socket_filter": _skb(
        "__sk_buff",
        (*_SOCKET_FIELDS, "tc_classid", "data", "data_end", "data_meta", "tstamp", "wire_len", "hwtstamp"),
        ("cb",),
    ),
    "sched_cls": _CLASSIFIER,
    "sched_act": _CLASSIFIER,
    "cgroup_skb": _skb(
        "__sk_buff",
        ("tc_classid", "data_meta", "wire_len"),
        ("mark", "priority", "cb", "tstamp"),
    ),
    "sk_skb": _skb(
        "__sk_buff",
        ("tc_classid", "data_meta", "tstamp", "mark", "wire_len", "hwtstamp"),
        ("tc_index", "priority"),
    ),
    "xdp": Context(
        "xdp_md",
        24,
        (
            Field("data", 0, 4, 4, 4, Gives.PACKET, (), "4.8"),
            Field("data_end", 4, 4, 4, 4, Gives.PACKET_END, (), "4.8"),
            Field("data_meta", 8, 4, 4, 4, Gives.PACKET_META, (), "4.15"),
            _whole("ingress_ifindex", 12, 4, "4.16"),
            _whole("rx_queue_index", 16, 4, "4.16"),
        ),
    ),
    "sk_reuseport": Context(
        "sk_reuseport_md",
        56,
        (
            Field("data", 0, 8, 8, 8, Gives.PACKET, (), "4.19"),
            Field("data_end", 8, 8, 8, 8, Gives.PACKET_END, (), "4.19"),
            _number("len", 16, "4.19"),
            Field("eth_protocol", 20, 4, 4, 2, since="4.19"),
            _number("ip_protocol", 24, "4.19"),
            _number("bind_inany", 28, "4.19"),
            _whole("hash", 32, 4, "4.19"),
            Field("sk", 40, 8, 8, 8, Gives.SOCKET, (), "5.14"),
            Field("migrating_sk", 48, 8, 8, 8, Gives.SOCK_COMMON_OR_NULL, (), "5.14"),
        ),
    ),
    "sk_lookup": Context(
        "bpf_sk_lookup",
        72,
        (
            Field("sk", 0, 8, 8, 8, Gives.SOCKET_OR_NULL, (), "5.9"),
            _number("family", 8, "5.9"),
            _number("protocol", 12, "5.9"),
            _number("remote_ip4", 16, "5.9"),
            Field("remote_ip6", 20, 16, 4, 1, since="5.9"),
            Field("remote_port", 36, 4, 4, 1, since="5.9"),
            _number("local_ip4", 40, "5.9"),
            Field("local_ip6", 44, 16, 4, 1, since="5.9"),
            _number("local_port", 60, "5.9"),
            _number("ingress_ifindex", 64, "5.17"),
        ),
    ),
    "sk_msg": Context(
        "sk_msg_md",
        80,
        (
            Field("data", 0, 8, 8, 8, Gives.PACKET, (), "4.17"),
            Field("data_end", 8, 8, 8, 8, Gives.PACKET_END, (), "4.17"),
            _whole("family", 16, 4, "4.18"),
            _whole("remote_ip4", 20, 4, "4.18"),
            _whole("local_ip4", 24, 4, "4.18"),
            _whole("remote_ip6", 28, 4, "4.18", 4),
            _whole("local_ip6", 44, 4, "4.18", 4),
            _whole("remote_port", 60, 4, "4.18"),
            _whole("local_port", 64, 4, "4.18"),
            _whole("size", 68, 4, "5.0"),
            Field("sk", 72, 8, 8, 8, Gives.SOCKET, (), "5.9"),
        ),
    ),
    "kprobe": Context("pt_regs", 168, (_PT_REGS,)),
    # Tracepoints describe their own fields at run time; the first eight bytes are the kernel's.
    "tracepoint": Context("tracepoint", 8192, (Field("fields", 8, 8184, 8, 1, since="4.7"),)),
    "raw_tracepoint": Context("raw_tracepoint", 96, (Field("arguments", 0, 96, 8, 1, since="4.17"),)),
    "perf_event": Context(
        "bpf_perf_event_data",
        184,
        (
            Field("registers", 0, 168, 8, 8, since="4.9"),
            Field("sample_period", 168, 8, 8, 1, since="4.9"),
            Field("addr", 176, 8, 8, 1, since="4.16"),
        ),
    ),
}
"""Program type -> layout of its context."""
