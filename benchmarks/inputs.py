"""What the policies of examples/ are asked in `against_c`: datagrams, and what the maps hold before the first."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from benchmarks.demo.protocol import GET, SCAN, Message, pack

WORKERS: Final = 6
_DATAGRAMS: Final = 120
_USERS: Final = 1000
_AMPLE: Final = 1 << 60


@dataclass(frozen=True, slots=True)
class Case:
    """Datagrams that are decided one after the other, on maps that hold `entries` (map -> key -> value) at first.

    `executors` are alive; of each datagram the first `linear` bytes behind the UDP header can be read directly (`None`:
    all). A `rare` case says nothing of the speed.
    """

    name: str
    payloads: Sequence[bytes]
    entries: Mapping[str, Mapping[int, int]] = field(default_factory=dict)
    executors: int = WORKERS
    linear: int | None = None
    rare: bool = False


def _requests(kind: int = GET) -> list[bytes]:
    """Requests of all users in turn, for keys that hardly repeat."""
    keys = random.Random(1)
    return [pack(Message(kind, i % _USERS, 1, keys.getrandbits(64), i)) for i in range(_DATAGRAMS)]


_GETS: Final = _requests()
_SCANS: Final = _requests(SCAN)
_OTHERS: Final = _requests(3)
_KEYS: Final = [int.from_bytes(payload[8:16], "little") for payload in _GETS]


def _each(*values: int) -> dict[int, int]:
    """What an array holds, from its first entry on."""
    return dict(enumerate(values))


_RARE: Final = (
    Case("an empty datagram", [b""] * 3, rare=True),
    Case("a short datagram", [b"\1\0\0\1\0\0\0\0\0"] * 3, rare=True),
    Case("bytes in pages", _GETS[:9], linear=0, rare=True),
    Case("no worker", _GETS[:9], executors=0, rare=True),
)

_LOADS: Final = (
    Case("loads that differ", _GETS, {"load": _each(4, 2, 7, 1, 5, 3)}),
    Case("nothing to do", _GETS),
)

_TYPICAL: Final[Mapping[str, Sequence[Case]]] = {
    "round_robin": (Case("any request", _GETS),),
    "flow_hash": (Case("any request", _GETS),),
    "sita": (Case("GET", _GETS), Case("SCAN", _SCANS)),
    "scan_avoid": (
        Case("all serve GETs", _GETS, {"serving": _each(1, 1, 1, 1, 1, 1)}),
        Case("two serve SCANs", _GETS, {"serving": _each(1, 2, 1, 1, 2, 1)}),
        Case("all serve SCANs", _GETS, {"serving": _each(2, 2, 2, 2, 2, 2)}),
    ),
    "tokens": (
        Case("tokens left", _GETS, {"left": dict.fromkeys(range(_USERS), _AMPLE)}),
        Case("no tokens left", _GETS, {"left": dict.fromkeys(range(_USERS), 0)}),
        Case("an unknown user", _GETS),
    ),
    "key_hash": (Case("any request", _GETS),),
    "least_loaded": _LOADS,
    "power_of_two": _LOADS,
    "weighted": (
        Case("equal shares", _GETS, {"share": _each(17, 17, 17, 17, 16, 16)}),
        Case("a trial of 5 %", _GETS, {"share": _each(5, 19, 19, 19, 19, 19)}),
        Case("all drained", _GETS),
    ),
    "rate_limit": (
        Case("within the rate", _GETS, {"due": dict.fromkeys(range(_USERS), 1)}),
        Case("beyond the rate", _GETS, {"due": dict.fromkeys(range(_USERS), _AMPLE)}),
        Case("a new tenant", _GETS),
    ),
    "sticky": (
        Case("an owner with time", _GETS, {"owner": {key: i % WORKERS for i, key in enumerate(_KEYS)}}),
        Case(
            "an overloaded owner",
            _GETS,
            {"owner": {key: i % WORKERS for i, key in enumerate(_KEYS)}, "load": _each(9, 9, 9, 9, 9, 9)},
        ),
        Case("a new key", _GETS),
    ),
    "priority": (
        Case("urgent, some idle", _GETS, {"busy": _each(0, 1, 0, 0, 1, 1)}),
        Case("normal, some idle", _SCANS, {"busy": _each(0, 1, 1, 0, 1, 1)}),
        Case("others, none idle", _OTHERS, {"busy": _each(1, 1, 1, 1, 1, 1)}),
    ),
}

_RARE_TOO: Final[Mapping[str, Sequence[Case]]] = {
    "rate_limit": (
        Case("a full table", _GETS, {"due": dict.fromkeys(range(_USERS, _USERS + 1024), _AMPLE)}, rare=True),
    ),
    "sticky": (Case("a stray owner", _GETS, {"owner": dict.fromkeys(_KEYS, 77)}, rare=True),),
}

CASES: Final[Mapping[str, Sequence[Case]]] = {
    name: (*cases, *(replace(rare, entries=cases[0].entries) for rare in _RARE), *_RARE_TOO.get(name, ()))
    for name, cases in _TYPICAL.items()
}
"""Policy -> its cases, the commonest first."""
