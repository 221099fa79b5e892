"""How long does `import syrup` take?

Whole processes: `python -c "import syrup"` and `python -c pass` in turn, and the difference of each pair. The first
pair only warms the file cache.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from benchmarks.measure import ROOT, Figure, figure, main, timed

REPETITIONS = 21


def measure() -> Sequence[Figure]:
    _seconds("import syrup")
    pairs = [(_seconds("import syrup"), _seconds("pass")) for _ in range(REPETITIONS)]
    return (figure("import syrup", "ms", [1e3 * (loaded - empty) for loaded, empty in pairs], at_most=60),)


def _seconds(statement: str) -> float:
    command = [sys.executable, "-c", statement]
    return timed(lambda: subprocess.run(command, check=True, cwd=ROOT), repetitions=1, warm_up=0)[0]


if __name__ == "__main__":
    main(measure, __doc__)
