"""How long does `import syrup` take?

Whole processes in turn: `python -c pass`, `python -c "import syrup"`, and the import of a policy file, which compiles
nothing; and the differences to the first within a round. A first round only warms the file cache.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from functools import partial

from benchmarks.measure import ROOT, Figure, Times, both, main, timed

REPETITIONS = 21
STATEMENTS = {"import syrup": 60.0, "import examples.scan_avoid": None}


def measure() -> Sequence[Figure]:
    run = {statement: partial(_run, statement) for statement in ("pass", *STATEMENTS)}
    for action in run.values():
        action()
    rounds = [{statement: timed(action, 1, warm_up=0) for statement, action in run.items()} for _ in range(REPETITIONS)]
    return [one for statement, bar in STATEMENTS.items() for one in both(statement, _beyond(rounds, statement), bar)]


def _beyond(rounds: Sequence[dict[str, Times]], statement: str) -> Times:
    """What the statement takes beyond an interpreter that does nothing, round by round."""
    pairs = [(taken[statement], taken["pass"]) for taken in rounds]
    return Times(
        tuple(full.wall[0] - empty.wall[0] for full, empty in pairs),
        tuple(full.cpu[0] - empty.cpu[0] for full, empty in pairs),
    )


def _run(statement: str) -> None:
    subprocess.run([sys.executable, "-c", statement], check=True, cwd=ROOT)


if __name__ == "__main__":
    main(measure, __doc__)
