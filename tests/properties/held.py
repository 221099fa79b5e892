"""Random programs held against the running kernel: `python -m tests.properties.held`."""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from syrupc.kernel.profiles import KernelProfile
from syrupc.verifier.gate import judge
from syrupc.verifier.verdict import Outcome
from tests.asking import Refusal, host
from tests.bpf_probe import why_no_bpf
from tests.mutants.campaign import running
from tests.properties import accesses, calls
from tests.properties.places import INNER, MAPS, Sample

KNOWN: Final = {
    "get_smp_processor_id: SYR507": "the kernel bounds the result by the machine's CPUs; a verdict is for all machines",
    "ringbuf_reserve: SYR512": "sizes that no ring buffer has: the kernel takes them, and the helper gives null",
}
"""What was tried and the code of what is refused here and loads there, and why it stays so."""


@dataclass
class Held:
    """Counts over programs; `unsound` holds the text of each that is accepted here and refused there."""

    accepted: int = 0
    rejected: int = 0
    unsupported: int = 0
    unsound: list[str] = field(default_factory=list)
    imprecise: Counter[str] = field(default_factory=Counter)
    types: Counter[str] = field(default_factory=Counter)
    tried: Counter[str] = field(default_factory=Counter)


Make = Callable[[random.Random, KernelProfile], Sample]

_MAKE: Final[dict[str, Make]] = {"accesses": accesses.sample, "calls": calls.sample}


def hold(make: Make, rnd: random.Random, kernel: KernelProfile, samples: int, held: Held) -> None:
    """Judge and load so many programs. Raises `NoMapError` on a kernel that lacks one of the kinds of maps."""
    with host(MAPS, INNER) as maps:
        for _ in range(samples):
            found = make(rnd, kernel)
            _count(found, maps.refusal(found.subject), held)


def _count(found: Sample, theirs: Refusal | None, held: Held) -> None:
    ours = judge(found.subject)
    held.types[found.subject.type.name] += 1
    held.tried[found.what] += 1
    match ours.outcome, theirs:
        case Outcome.UNSUPPORTED, _:
            held.unsupported += 1
        case Outcome.ACCEPTED, None:
            held.accepted += 1
        case Outcome.ACCEPTED, Refusal() as refusal:
            held.unsound.append(f"{found.subject.type.name}\n{found.text}\n{refusal.log}")
        case _, None:
            held.imprecise[f"{found.what}: {ours.diagnostics[0].code}"] += 1
        case _:
            held.rejected += 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.properties.held", description=__doc__)
    parser.add_argument("kind", choices=_MAKE, help="programs around one helper call, or that access all regions")
    parser.add_argument("--programs", type=int, default=10_000, metavar="N", help="generate so many (default: 10000)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the first of them (default: 1)")
    options = parser.parse_args()
    if reason := why_no_bpf():
        print(f"no BPF here: {reason}")
        return 2
    held = Held()
    hold(_MAKE[options.kind], random.Random(options.seed), running(), options.programs, held)
    print(f"{options.programs} programs of {len(held.types)} types, {len(held.tried)} things tried:")
    print(f"{len(held.unsound)} unsound, {held.accepted} taken and {held.rejected} rejected by both,")
    print(f"{held.unsupported} not judged, {held.imprecise.total()} imprecise")
    for what, count in held.imprecise.most_common():
        print(f"  {count} {what}: {KNOWN.get(what, 'not known')}")
    for text in held.unsound:
        print(f"UNSOUND: {text}")
    return 1 if held.unsound else 0


if __name__ == "__main__":
    sys.exit(main())
