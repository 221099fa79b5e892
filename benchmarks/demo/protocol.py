"""The datagrams of the demo's key-value service: one header for requests and replies, then the reply's content.

| offset | bytes | field | in a request | in a reply |
|---|---|---|---|---|
| 0 | 1 | kind | `GET` or `SCAN` | the same |
| 1 | 1 | worker | 0 | which worker served it |
| 2 | 2 | user | whose request it is | the same |
| 4 | 4 | count | how many keys a `SCAN` covers | how many were found |
| 8 | 8 | key | the key, or the first of a range | the same |
| 16 | 8 | request id | chosen by the client | the same |
| 24 | | content | nothing | `GET`: the value; `SCAN`: CRC-32 of the values |

`user` is in network byte order, everything else little-endian. This module knows nothing of Syrup.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

GET: Final = 1
SCAN: Final = 2

_HEADER: Final = struct.Struct("<BB2sIQQ")
HEADER_SIZE: Final = _HEADER.size


@dataclass(frozen=True, slots=True)
class Message:
    """A request or a reply."""

    kind: int
    user: int
    count: int
    key: int
    request: int
    worker: int = 0
    content: bytes = b""


def pack(message: Message) -> bytes:
    user = message.user.to_bytes(2, "big")
    header = _HEADER.pack(message.kind, message.worker, user, message.count, message.key, message.request)
    return header + message.content


def unpack(data: bytes) -> Message | None:
    """The message, or `None` for a datagram that is none: too short, or of an unknown kind."""
    if len(data) < HEADER_SIZE:
        return None
    kind, worker, user, count, key, request = _HEADER.unpack_from(data)
    if kind not in (GET, SCAN):
        return None
    return Message(kind, int.from_bytes(user, "big"), count, key, request, worker, data[HEADER_SIZE:])
