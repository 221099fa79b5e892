"""What does a decision cost in the kernel?

Each policy is attached, with its statistics, to six sockets of its own that nobody reads; bursts of the demo's requests
go to one policy after the other in an order that is drawn for each round, and the kernel times every run
(BPF_ENABLE_STATS). Of five bursts the fastest counts. Two programs written by hand go along: one that decides nothing,
whose time is that of measuring, and one whose decision is a constant, socket 0, which it selects and does not count.
The figures are differences within a round: the constant's to the first, each policy's to the constant's. `constant` is
that decision as a policy: it shows what the stub and the statistics add.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import syrup
from benchmarks.burst import NO_DECISION, Burst, Subject, by_hand, silent_group, take_turns
from benchmarks.demo.tokens import budget
from benchmarks.demo.trace import Load, draw
from benchmarks.measure import ROOT, SHOWN, Figure, example, figure, main

SK_SELECT_REUSEPORT = 82
ROUNDS = 25
WORKERS = 6
POLICIES = (ROOT / "benchmarks" / "policies" / "constant.py", *map(example, SHOWN))
BARS = {"round_robin": 16.0, "flow_hash": 16.0, "sita": 16.0}
NOTHING = "no decision: measuring alone"
CONSTANT = "a constant, by hand"

ALWAYS_SOCKET_0 = f"""
    *(u32 *)(r10 - 4) = 0
    r2 = map({{map}}) ll
    r3 = r10
    r3 += -4
    r4 = 0
    call {SK_SELECT_REUSEPORT}
    r0 = 1
    exit
"""


def measure() -> Sequence[Figure]:
    load = Load()
    payloads = draw(load, seed=1).datagrams()
    with ExitStack() as stack:
        subjects = {
            NOTHING: stack.enter_context(_by_hand(NO_DECISION, payloads)),
            CONSTANT: stack.enter_context(_by_hand(ALWAYS_SOCKET_0, payloads)),
        } | {path.stem: stack.enter_context(_policy(path, payloads, load)) for path in POLICIES}
        return _figures(take_turns(subjects, ROUNDS))


def _figures(samples: dict[str, list[float]]) -> Sequence[Figure]:
    nothing, constant = samples.pop(NOTHING), samples.pop(CONSTANT)
    beyond = {name: _beyond(taken, constant) for name, taken in samples.items()}
    return (
        figure(NOTHING, "ns", nothing),
        figure(f"{CONSTANT}, beyond that", "ns", _beyond(constant, nothing)),
        *(figure(f"{name}, beyond the constant", "ns", ns, BARS.get(name)) for name, ns in beyond.items()),
    )


def _beyond(taken: Sequence[float], base: Sequence[float]) -> list[float]:
    return [ns - less for ns, less in zip(taken, base, strict=True)]


@contextmanager
def _policy(path: Path, payloads: Sequence[bytes], load: Load) -> Iterator[Subject]:
    policy = syrup.compile(path)
    with silent_group(WORKERS) as group, syrup.attach(policy, sockets=group.sockets) as link:
        if "left" in link.maps:
            link.maps.left.update(dict.fromkeys(budget(load), 1 << 60))
        yield Subject(link.record.groups[0].stub, Burst(payloads, group.port))


@contextmanager
def _by_hand(text: str, payloads: Sequence[bytes]) -> Iterator[Subject]:
    with silent_group(WORKERS) as group, by_hand(text, group) as program:
        yield Subject(program, Burst(payloads, group.port))


if __name__ == "__main__":
    main(measure, __doc__)
