"""What does a call of a helper cost, and an instruction?

A program does the same thing 8000 times, each time with what the last one gave, so that the processor cannot do two at
once; the kernel times it (BPF_PROG_TEST_RUN). A second one does everything but the call. The two take turns, A B A B;
the figure is the median of the differences. Look-ups find their key and read the value, updates replace a value,
deletions follow an update, all in warm caches; a trie has all 32 prefixes of its key. `sk_select_reuseport` runs only
where datagrams arrive: there the kernel times a decision for a constant socket, and one that decides nothing.

Nanoseconds are of the machine at hand: the first figure, additions that wait for each other, says what a cycle is. The
figures stand in `syrupc/kernel/costs.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from benchmarks.burst import NO_DECISION, Burst, Subject, by_hand, silent_group, take_turns
from benchmarks.decision_cost import ALWAYS_SOCKET_0
from benchmarks.measure import Figure, figure, main
from syrup._sys import maps, programs
from syrup._sys.fd import Fd
from syrupc.isa.assembly import parse_program
from syrupc.isa.codec import encode
from syrupc.kernel.map_types import BY_NAME as MAP_TYPE
from syrupc.kernel.program_types import BY_NAME as PROGRAM_TYPE

ROUNDS: Final = 41
BURSTS: Final = 25
AT_ONCE: Final = 8
TURNS: Final = 1000

_PACKET: Final = bytes(64)
_NO_PREALLOC: Final = 1
_FRAME: Final = """
    r6 = r1
    *(u64 *)(r10 - 8) = {key}
    *(u64 *)(r10 - 16) = 1
    *(u32 *)(r10 - 32) = 0x000a6425
    r7 = 0
    r8 = 3
    r9 = 0
again:
{body}
    r7 += 1
    if r7 < {turns} goto again
    r0 = 0
    exit
"""
_WAIT: Final = "r9 &= 0\n"
_KEY: Final = f"{_WAIT}r1 = map({{map}}) ll\nr2 = r10\nr2 += r9\nr2 += -8\n"
_VALUE: Final = f"{_WAIT}r1 = map({{map}}) ll\nr2 = r10\nr2 += r9\nr2 += -16\n"
_SET: Final = f"{_KEY}r3 = r10\nr3 += -16\nr4 = 0\n"
_PUSH: Final = f"{_VALUE}r3 = 2\n"  # BPF_EXIST: the oldest makes room
_LOAD: Final = f"{_WAIT}r1 = r6\nr2 = r9\nr3 = r10\nr3 += -24\nr4 = 8\n"
_FOUND: Final = "\nif r0 == 0 goto +1\nr9 = *(u64 *)(r0 + 0)"
_RESULT: Final = "\nr9 = r0"
_NOTHING: Final = "r0 = 0"


@dataclass(frozen=True, slots=True)
class Probe:
    """What is measured: code with it, and without, how often it occurs there, and the type of the map that it takes."""

    name: str
    code: str
    without: str
    count: int = 1
    map: str = ""


def _call(name: str, number: int, arguments: str = "", map_type: str = "", before: str = "") -> Probe:
    """A helper call; `before` is what makes it find something."""
    start, end = before + arguments, _FOUND if number == 1 else _RESULT
    return Probe(name, f"{start}call {number}{end}", f"{start}{_NOTHING}{_RESULT}", map=map_type)


_KEYED: Final = ("array", "percpu_array", "hash", "lru_hash", "percpu_hash", "lpm_trie")
_MIX: Final = """
r2 = r9
r2 &= 7
*(u64 *)(r10 - 24) = r2
r3 = *(u64 *)(r10 - 24)
r3 += r2
if r3 > 100 goto +1
r9 = r3"""
PROBES: Final = (
    Probe("addition", "r9 += r7\n" * 8, "", 8),
    Probe("instruction", _MIX, "", 7),
    Probe("atomic", "r9 = atomic_fetch_add((u64 *)(r10 - 16), r9)", "r9 += r7"),
    Probe("division", "r9 += r7\nr9 /= r8", "r9 += r7\nr9 += r7"),
    *(_call(f"map_lookup_elem {kind}", 1, _KEY, kind) for kind in _KEYED),
    *(_call(f"map_update_elem {kind}", 2, _SET, kind) for kind in _KEYED),
    *(_call(f"map_delete_elem {kind}", 3, _KEY, kind, f"{_SET}call 2\n") for kind in _KEYED[2:]),
    _call("ktime_get_ns", 5),
    _call("get_prandom_u32", 7),
    _call("get_smp_processor_id", 8),
    _call("skb_load_bytes", 26, _LOAD),
    _call("skb_load_bytes_relative", 68, f"{_LOAD}r5 = 0\n"),
    *(_call(f"map_push_elem {kind}", 87, _PUSH, kind) for kind in ("queue", "stack")),
    *(_call(f"map_pop_elem {kind}", 88, _VALUE, kind, f"{_PUSH}call 87\n") for kind in ("queue", "stack")),
    *(_call(f"map_peek_elem {kind}", 89, _VALUE, kind, f"{_PUSH}call 87\n") for kind in ("queue", "stack")),
    _call("map_push_elem bloom_filter", 87, f"{_VALUE}r3 = 0\n", "bloom_filter"),
    _call("map_peek_elem bloom_filter", 89, _VALUE, "bloom_filter"),
    _call("ringbuf_output ringbuf", 130, f"{_VALUE}r3 = 8\nr4 = 0\n", "ringbuf"),
    _call("trace_printk", 6, f"{_WAIT}r1 = r10\nr1 += -32\nr2 = 4\nr3 = r7\n"),
)


def measure() -> Sequence[Figure]:
    return [*(_measured(probe) for probe in PROBES), _select_reuseport()]


def _measured(probe: Probe) -> Figure:
    with ExitStack() as stack:
        table = stack.enter_context(_map(probe.map)) if probe.map else None
        both = [stack.enter_context(_loaded(code, probe.map, table)) for code in (probe.code, probe.without)]
        for program in both:
            programs.run(program.fileno(), _PACKET)
        samples = [_beyond(*(each.fileno() for each in both)) / (TURNS * AT_ONCE * probe.count) for _ in range(ROUNDS)]
    return figure(probe.name, "ns", samples)


def _beyond(first: int, second: int) -> int:
    return programs.run(first, _PACKET)[2] - programs.run(second, _PACKET)[2]


def _loaded(body: str, kind: str, table: Fd | None) -> Fd:
    repeated = "\n".join([body.format(map=table.fileno() if table else 0)] * AT_ONCE)
    text = _FRAME.format(key=_key(kind), body=repeated, turns=TURNS)
    number = PROGRAM_TYPE["socket_filter"].number
    return programs.load(programs.ProgramCode(number, "cost", encode(parse_program(text)), "GPL"))


def _map(kind: str) -> Fd:
    """A map with room for 64 entries. A keyed one has the first, a trie all prefixes of its key, which are walked."""
    key = {"lpm_trie": 8, "queue": 0, "stack": 0, "bloom_filter": 0, "ringbuf": 0}.get(kind, 4)
    room, value = (1 << 24, 0) if kind == "ringbuf" else (64, 8)
    shape = maps.Shape(MAP_TYPE[kind].number, key, value, room)
    table = maps.create(shape, flags=_NO_PREALLOC if kind == "lpm_trie" else 0)
    for first in range(1, 33) if kind == "lpm_trie" else (0,) if kind in _KEYED else ():
        maps.update(table.fileno(), first.to_bytes(8, "little")[:key], bytes(shape.stored_size))
    return table


def _key(kind: str) -> int:
    """The key 0; that of a trie begins with how many bits count."""
    return 32 if kind == "lpm_trie" else 0


def _select_reuseport() -> Figure:
    datagrams = [_PACKET] * 512
    with (
        silent_group(1) as idle,
        silent_group(1) as busy,
        by_hand(NO_DECISION, idle) as nothing,
        by_hand(ALWAYS_SOCKET_0, busy) as constant,
    ):
        subjects = {
            "constant": Subject(constant, Burst(datagrams, busy.port)),
            "nothing": Subject(nothing, Burst(datagrams, idle.port)),
        }
        taken = take_turns(subjects, BURSTS)
    pairs = zip(taken["constant"], taken["nothing"], strict=True)
    return figure("sk_select_reuseport", "ns", [one - other for one, other in pairs])


if __name__ == "__main__":
    main(measure, __doc__)
