"""Damage objects and hold the reader, the verifier and the disassembler to a diagnostic: `python -m tests.objects`.

Every run goes on with numbers that were never used, and adds to the ledger.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tests.objects.campaign import damaged, examine_number, originals, run
from tests.objects.ledger import PATH, Ledger

_SHARE = 5000


def main() -> int:
    options = _options()
    objects = originals()
    if options.replay is not None:
        return _replay(options.replay, objects)
    ledger, done, found = Ledger.read(options.ledger), 0, set[str]()
    begin = time.monotonic()
    while done < options.inputs and time.monotonic() - begin < options.seconds:
        started = time.monotonic()
        share = run(objects, ledger.next_number, min(_SHARE, options.inputs - done))
        ledger.add(share, time.monotonic() - started)
        ledger.write(options.ledger)
        done += share.done
        for what, (number, details) in share.finds.items():
            if what not in found:
                print(f"FIND: {what} (again: python -m tests.objects --replay {number})\n{details}", flush=True)
            found.add(what)
    print(f"{done} inputs in {time.monotonic() - begin:.0f} s, {len(found)} finds; all runs: {ledger.inputs}")
    return 1 if found else 0


def _replay(number: int, objects: list[bytes]) -> int:
    Path(f"damaged_{number}.o").write_bytes(damaged(number, objects))
    done = examine_number(number, objects)
    print(done.outcome, done.find or "", done.details, f"written to damaged_{number}.o", sep="\n")
    return 1 if done.find else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.objects", description=__doc__)
    parser.add_argument("--inputs", type=int, default=20_000, metavar="N", help="stop after so many (default: 20000)")
    parser.add_argument("--seconds", type=float, default=float("inf"), metavar="S", help="stop after so long")
    parser.add_argument("--ledger", type=Path, default=PATH, metavar="FILE", help="where runs are counted")
    parser.add_argument("--replay", type=int, metavar="N", help="write one input to a file, and examine it")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
