"""Which sockets receive what a policy is asked about."""

from __future__ import annotations

import socket
from types import MappingProxyType
from typing import Final

from syrupc.spec import Input

UDP: Final = int(socket.IPPROTO_UDP)
TCP: Final = int(socket.IPPROTO_TCP)

PROTOCOLS: Final = MappingProxyType({Input.PACKET: UDP})
NAMES: Final = MappingProxyType({UDP: "UDP", TCP: "TCP"})
OTHER: Final = MappingProxyType({UDP: TCP, TCP: UDP})
