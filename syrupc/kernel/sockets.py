"""The fields of sockets that programs may read, by the kind of socket that a pointer leads to."""

from __future__ import annotations

from typing import Final

from syrupc.kernel.contexts import Context, Field

_COMMON: Final = (
    Field("bound_dev_if", 0, 4, 4, 4, since="5.1"),
    Field("family", 4, 4, 4, 1, since="5.1", at_start=True),
    Field("type", 8, 4, 4, 1, since="5.1", at_start=True),
    Field("protocol", 12, 4, 4, 1, since="5.1", at_start=True),
    Field("mark", 16, 4, 4, 4, since="5.1"),
    Field("priority", 20, 4, 4, 4, since="5.1"),
    Field("src_ip4", 24, 4, 4, 1, since="5.1"),
    Field("src_ip6", 28, 16, 4, 1, since="5.1"),
    Field("src_port", 44, 4, 4, 1, since="5.1", at_start=True),
    # Two bytes of port, then padding: all four may be read at once, as older programs do.
    Field("dst_port", 48, 2, 4, 1, since="5.1"),
    Field("dst_ip4", 52, 4, 4, 1, since="5.1"),
    Field("dst_ip6", 56, 16, 4, 1, since="5.1"),
    Field("state", 72, 4, 4, 1, since="5.1", at_start=True),
    Field("rx_queue_mapping", 76, 4, 4, 1, since="5.8", at_start=True),
)

_TCP: Final = Context(
    "bpf_tcp_sock",
    112,
    (
        Field("numbers", 0, 80, 4, 4, since="5.1"),
        Field("bytes_received", 80, 8, 8, 8, since="5.1"),
        Field("bytes_acked", 88, 8, 8, 8, since="5.1"),
        Field("more_numbers", 96, 16, 4, 4, since="5.3"),
    ),
)

_SOCK: Final = Context("bpf_sock", 80, _COMMON)

SOCKETS: Final = {
    "SOCKET": _SOCK,
    # Only what every kind of socket has (`struct sock_common`).
    "SOCK_COMMON": Context(
        "bpf_sock",
        80,
        tuple(f for f in _COMMON if f.name not in ("type", "protocol", "mark", "priority")),
    ),
    "TCP_SOCK": _TCP,
    "XDP_SOCK": Context("bpf_xdp_sock", 4, (Field("queue_id", 0, 4, 4, 4, since="5.3"),)),
}
"""Kind of pointer -> layout (`struct bpf_sock`, `bpf_tcp_sock`, `bpf_xdp_sock`)."""
