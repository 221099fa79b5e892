"""The sockets of this network namespace, as the kernel lists them (sock_diag, through pyroute2)."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_UDP_UNCONNECTED = 7
_TCP_LISTEN = 10
_LISTENING = {socket.IPPROTO_UDP: _UDP_UNCONNECTED, socket.IPPROTO_TCP: _TCP_LISTEN}
_FAMILIES = {socket.AF_INET: "", socket.AF_INET6: "6"}
_PROTOCOL_FILES = {socket.IPPROTO_UDP: "udp", socket.IPPROTO_TCP: "tcp"}


class NoSocketDiagError(OSError):
    """The kernel lists no sockets though there are some: it was built, or runs, without the diag module."""


@dataclass(frozen=True, slots=True)
class Listening:
    """A socket that takes datagrams from anyone, or connections."""

    protocol: int
    family: int
    address: str
    port: int
    device: str
    uid: int
    inode: int
    cookie: int
    v6_only: bool


def listening(protocol: int) -> list[Listening]:
    """All unconnected UDP sockets with a port, or all listening TCP sockets. Raises `NoSocketDiagError`."""
    # A thread of its own: pyroute2 runs an event loop, which the caller's thread may be doing already.
    with ThreadPoolExecutor(1) as thread:
        rows = thread.submit(_dump, protocol).result()
    found = [_listening(protocol, row) for row in rows]
    if not found and _any_in_proc(protocol):
        raise NoSocketDiagError(f"sock_diag lists no {_PROTOCOL_FILES[protocol]} sockets")
    return [row for row in found if row.port]


def _dump(protocol: int) -> list[Any]:
    from pyroute2 import DiagSocket

    states = 1 << _LISTENING[protocol]
    with DiagSocket() as diag:
        diag.bind()
        return [
            row for family in _FAMILIES for row in diag.get_sock_stats(family=family, protocol=protocol, states=states)
        ]


def _listening(protocol: int, row: Any) -> Listening:
    return Listening(
        protocol=protocol,
        family=row["idiag_family"],
        address=row["idiag_src"],
        port=row["idiag_sport"],
        device=_device(row["idiag_if"]),
        uid=row["idiag_uid"],
        inode=row["idiag_inode"],
        cookie=row["idiag_cookie"],
        v6_only=bool(row.get_attr("INET_DIAG_SKV6ONLY")),
    )


def _device(index: int) -> str:
    if not index:
        return ""
    try:
        return socket.if_indextoname(index)
    except OSError:
        return f"if{index}"


def _any_in_proc(protocol: int) -> bool:
    """Whether the kernel's other list has one. pyroute2 gives an empty answer where the kernel gives an error."""
    state = f"{_LISTENING[protocol]:02X}"
    return any(state == fields[3] for fields in _proc_rows(protocol))


def _proc_rows(protocol: int) -> Iterable[list[str]]:
    for suffix in _FAMILIES.values():
        path = Path(f"/proc/thread-self/net/{_PROTOCOL_FILES[protocol]}{suffix}")
        if path.exists():
            yield from (line.split() for line in path.read_text().splitlines()[1:])
