"""How long does `syrupc compile` take, a whole process?

`syrupc compile examples/round_robin.py`, from start to exit, the output in a folder of its own: with an empty cache
each time, and with the source unchanged since the last time. The first run only warms the file cache.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import ROOT, Figure, both, example, main, timed

REPETITIONS = 11


def measure() -> Sequence[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        caches = iter(range(REPETITIONS + 1))
        cold = timed(lambda: _compile(base, f"cache-{next(caches)}"), REPETITIONS)
        unchanged = timed(lambda: _compile(base, "cache"), REPETITIONS)
    return (*both("nothing cached", cold, at_most=700), *both("unchanged source", unchanged, at_most=150))


def _compile(base: Path, cache: str) -> None:
    command = [str(Path(sys.executable).with_name("syrupc")), "compile", str(example("round_robin"))]
    command += ["-o", str(base / "round_robin.bpf.o")]
    environment = {**os.environ, "XDG_CACHE_HOME": str(base / cache)}
    subprocess.run(command, check=True, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main(measure, __doc__)
