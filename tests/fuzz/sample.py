"""A generated program: a policy file, and what its policies are asked."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from syrupc.datagram import Datagram
from syrupc.spec import STORED_TYPES, MapKind
from tests.fuzz.file import EDGES, Field, File, Map, weighted
from tests.fuzz.grammar import GRAMMAR
from tests.fuzz.helpers import call_again, decide
from tests.fuzz.packets import WORDS
from tests.fuzz.scope import Writer, body
from tests.fuzz.statements import opening

SOURCES: Final = ("127.0.0.1", "127.0.0.1", "127.9.0.7", "::1")
DESTINATIONS: Final = ("127.0.0.1", "127.0.0.9")
"""Where datagrams come from and go to: all of it is loopback."""

# The oldest kernel (instruction set 3), the newest (4), both to compare, and those between.
_KERNELS: Final = weighted(
    (4, ("5.15",)), (3, ("5.15", "6.18")), (7, ("6.18",)), (2, ("6.1",)), (2, ("6.6",)), (2, ("6.12",))
)
# Of one file. Long policies hold more at once, but what they cost grows faster than they do.
_STATEMENTS: Final = (1, 2, 2, 3, 3, 4, 5, 6, 8, 11)
_BYTES: Final = (0, 0, 1, 2, 7, 127, 128, 255)
_LENGTHS: Final = (*range(16, 33), *range(16, 33), *range(16, 25), 0, 1, 3, 7, 8, 9, 12, 15, 48)
_OPTIONS: Final = (b"", b"", b"", b"\1\1\1\0", b"\1" * 11 + b"\0")


@dataclass(frozen=True, slots=True)
class Ask:
    """One datagram for one policy, in a world: `chance` is what `random()` gives, `clock` what `now_ns()` gives.

    Ports and flow hash are those of the place where it is asked.
    """

    policy: str
    datagram: Datagram
    chance: int = 0
    clock: int = 0


@dataclass(frozen=True, slots=True)
class Preset:
    """An entry that user space stores before the first datagram: integers, or records as tuples of all their fields."""

    map: str
    key: Any
    value: Any


@dataclass(frozen=True, slots=True)
class Program:
    """A policy file with its presets and inputs. All policies share its maps.

    `kernels` are those that it is compiled for; the running one gets what was compiled for the last.
    """

    text: str
    presets: tuple[Preset, ...]
    asks: tuple[Ask, ...]
    kernels: tuple[str, ...] = ("5.15", "6.18")

    @property
    def policies(self) -> tuple[str, ...]:
        """Those that are asked, in the order of the file."""
        return tuple(dict.fromkeys(a.policy for a in self.asks))


def sample(rnd: random.Random) -> Program:
    """A program of one to three policies."""
    file = File(rnd, worldly=rnd.randrange(8) == 0, most_helpers=rnd.choice((0, 0, 0, 1, 1, 2, 4)))
    names = ("policy", "second", "third")[: rnd.choice((1, 1, 1, 2, 2, 3))]
    written = [_policy(file, name, rnd.choice(_STATEMENTS) // len(names) + 1) for name in names]
    text = "\n".join([*file.lines(), *(line for policy in written for line in policy)]) + "\n"
    asks = [_ask(rnd, name) for name in names for _ in range(rnd.choice((3, 4, 5)))]
    if len(names) > 1:
        rnd.shuffle(asks)
    return Program(text, tuple(_presets(file)), tuple(asks), _kernels(file))


def _kernels(file: File) -> tuple[str, ...]:
    chosen = file.rnd.choice(_KERNELS)
    if any(table.kind is MapKind.BLOOM for table in file.maps):  # since Linux 5.16
        return tuple("6.1" if kernel == "5.15" else kernel for kernel in chosen)
    return chosen


def _policy(file: File, name: str, budget: int) -> list[str]:
    w = Writer(file, GRAMMAR, budget)
    opening(w)
    body(w, budget)
    if w.large:
        call_again(w)
    decide(w)
    return ["", "", "@syrup.jit", f"def {name}(pkt: syrup.Packet) -> syrup.Executor:", *w.lines]


def _ask(rnd: random.Random, policy: str) -> Ask:
    clock = rnd.choice(EDGES) if rnd.randrange(2) else rnd.randrange(1 << 64)
    return Ask(policy, _datagram(rnd, _payload(rnd)), rnd.randrange(1 << 32), clock)


def _payload(rnd: random.Random) -> bytes:
    if rnd.randrange(8) == 0:
        return b"".join(rnd.choice(WORDS) for _ in range(rnd.randrange(24)))
    length = rnd.choice(_LENGTHS)
    return bytes(rnd.choice(_BYTES) if rnd.randrange(2) else rnd.randrange(256) for _ in range(length))


def _datagram(rnd: random.Random, payload: bytes) -> Datagram:
    """As it arrives on loopback; some with a part of their payload in pages, where a program has no pointer to it."""
    source = rnd.choice(SOURCES)
    linear = 8 + rnd.randrange(len(payload) + 1) if rnd.randrange(4) == 0 else None
    if ":" in source:
        return Datagram(payload, source=source, destination=source, ttl=_ttl(rnd), tos=_tos(rnd), linear=linear)
    return Datagram(
        payload,
        source=source,
        destination=rnd.choice(DESTINATIONS),
        ttl=_ttl(rnd),
        tos=_tos(rnd),
        options=rnd.choice(_OPTIONS),
        linear=linear,
    )


def _ttl(rnd: random.Random) -> int:
    return 64 if rnd.randrange(2) else rnd.randrange(1, 256)


def _tos(rnd: random.Random) -> int:
    return rnd.choice((0, 0, 4, 0xB8, 0xFC))


def _presets(file: File) -> list[Preset]:
    presets = []
    for table in file.maps:
        if table.kind is not MapKind.RING_BUF:
            keys = dict.fromkeys(_keys(file, table))
            presets += [Preset(table.name, key, _value(file, table.value)) for key in keys if file.rnd.randrange(2)]
    return presets


def _keys(file: File, table: Map) -> Iterator[Any]:
    """Keys to store something under; None for kinds without keys."""
    if table.kind.indexed:
        yield from range(min(table.entries, 5))
    elif table.kind is MapKind.LPM_TRIE:
        bits = STORED_TYPES[table.key].bits
        for _ in range(3):
            length = file.rnd.choice((0, 1, bits - 2, bits - 1, bits, bits))
            yield _value(file, table.key) >> bits - length << bits - length, length
    elif table.kind.keyed:
        yield from (_value(file, table.key, index) for index in range(min(table.entries, 2)))
    else:
        yield None


def _value(file: File, name: str, number: int | None = None) -> Any:
    """A value of a type of the file; all its numbers are `number`, if that is given."""
    if name in file.structs:
        return tuple(_part(file, field, number) for field in file.structs[name].fields)
    if number is None:
        number = file.rnd.choice(EDGES) if file.rnd.randrange(2) else file.rnd.randrange(10)
    return STORED_TYPES[name].wrap(number)


def _part(file: File, field: Field, number: int | None) -> Any:
    if field.count is None:
        return _value(file, field.type, number)
    return tuple(_value(file, field.type, number) for _ in range(field.count))
