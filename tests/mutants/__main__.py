"""Take a protection away from accepted programs and hold our verifier against the kernel: `python -m tests.mutants`.

Every run goes on with seeds that were never used, and adds to the ledger. Mutants that we accept and the kernel does
not are written to a folder, with what the kernel says. With `--corpus FILE.json.xz` it is the programs of a corpus that
are changed, at random (`syrupc.verifier.corpus` says what the file holds).
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from syrupc.isa.codec import encode
from tests.bpf_probe import why_no_bpf
from tests.mutants.campaign import examples, generated, running
from tests.mutants.corpus import examine_case, read
from tests.mutants.examine import Unsound, examine
from tests.mutants.tally import Tally

LEDGER: Final = Path(__file__).with_name("ledger.json")
CORPUS_LEDGER: Final = Path(__file__).with_name("corpus_ledger.json")
FIRST_SEED: Final = 1000


def main() -> int:
    options = _options()
    if reason := why_no_bpf():
        print(f"no BPF here: {reason}")
        return 2
    ledger = options.ledger or (CORPUS_LEDGER if options.corpus else LEDGER)
    held = json.loads(ledger.read_text()) if ledger.exists() else {"next_seed": FIRST_SEED, "seconds": 0}
    total, begin = Tally(), time.monotonic()
    seed = (_change_corpus if options.corpus else _change_policies)(options, held["next_seed"], total)
    _add(held, total, seed, time.monotonic() - begin)
    ledger.with_suffix(".new").write_text(json.dumps(held, indent=2, sort_keys=True) + "\n")
    os.replace(ledger.with_suffix(".new"), ledger)
    _summarise(total)
    return 1 if total.unsound else 0


def _seeds(options: argparse.Namespace, first: int) -> Iterator[int]:
    """Seeds that were never used, until enough is done."""
    begin = time.monotonic()
    for seed in range(first, first + options.programs):
        if time.monotonic() - begin >= options.seconds:
            return
        yield seed


def _change_policies(options: argparse.Namespace, first: int, total: Tally) -> int:
    """Count mutants of examples, the first time, and of generated policies; the seed to go on with."""
    kernel, seed = running(), first - 1
    if first == FIRST_SEED:
        for number, verdict in enumerate(examples(kernel)):
            _count(examine(verdict, kernel, random.Random(number), 10 * options.mutants), total, options.finds_folder)
    for seed in _seeds(options, first):
        verdict = generated(kernel, seed)
        if verdict is not None:
            done = examine(verdict, kernel, random.Random(seed + 1), options.mutants)
            _count(done, total, options.finds_folder)
    return seed + 1


def _change_corpus(options: argparse.Namespace, first: int, total: Tally) -> int:
    """Count mutants of programs of the corpus; the seed to go on with."""
    corpus, seed = read(options.corpus, running()), first - 1
    for seed in _seeds(options, first):
        tally, unsound = examine_case(corpus, random.Random(seed), options.mutants)
        total.add(tally)
        for number, found in enumerate(unsound):
            options.finds_folder.mkdir(parents=True, exist_ok=True)
            path = options.finds_folder / f"corpus_{seed}_{number}.txt"
            text = f"{found.case.id} as {found.subject.type.name}\n{encode(found.subject.insns).hex()}\n{found.log}\n"
            path.write_text(text)
            print(f"UNSOUND: see {path}", flush=True)
    return seed + 1


def _count(done: tuple[Tally, list[Unsound]], total: Tally, folder: Path) -> None:
    tally, unsound = done
    total.add(tally)
    for found in unsound:
        folder.mkdir(parents=True, exist_ok=True)
        program = found.mutant.program
        name = f"{program.name}_{found.mutant.slot}_{abs(hash(program.insns)) % 10_000:04}"
        (folder / f"{name}.txt").write_text(
            f"{found.mutant.kind} at slot {found.mutant.slot} of {program.section}\n"
            f"{encode(program.insns).hex()}\n{program.relocations}\n{found.object.maps}\n{found.log}\n"
        )
        (folder / f"{name}.original.o").write_bytes(found.object.data)
        print(f"UNSOUND: {found.mutant.kind}, see {folder / name}.txt", flush=True)


def _add(held: dict[str, object], total: Tally, seed: int, seconds: float) -> None:
    before = Tally(**{n: Counter(v) if isinstance(v, dict) else v for n, v in held.items() if n in vars(total)})
    before.add(total)
    held |= vars(before) | {"next_seed": seed, "seconds": round(held["seconds"] + seconds, 1)}


def _summarise(total: Tally) -> None:
    rate = 100 * total.explained / max(total.rejected, 1)
    print(
        f"{total.mutants} mutants of {total.objects} objects, {total.unsound} unsound, {total.accepted} taken by both,"
    )
    print(f"{total.imprecise} imprecise, {total.stricter} stricter,")
    print(f"{total.unsupported} not judged, {total.no_verdict} without a verdict in time,")
    print(f"{total.rejected} rejected by both, {rate:.1f} % of them explained as the kernel does and at its line")
    for title, counts in (("kinds", total.kinds), ("imprecise", total.imprecisely), ("otherwise", total.unexplained)):
        for what, count in counts.most_common(25):
            print(f"  {title}: {count} {what}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--programs", type=int, default=100, metavar="N", help="generate so many (default: 100)")
    parser.add_argument("--seconds", type=float, default=float("inf"), metavar="S", help="stop after so long")
    parser.add_argument("--mutants", type=int, default=20, metavar="N", help="of each program at most so many")
    parser.add_argument("--corpus", type=Path, metavar="FILE", help="change the programs of a corpus instead")
    parser.add_argument("--ledger", type=Path, metavar="FILE", help="where runs are counted")
    parser.add_argument("--finds-folder", type=Path, default=Path("build/finds"), metavar="DIR", help="where finds go")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
