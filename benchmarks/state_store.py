"""How long does an application take to publish its state from Python?

`array[2] = SCAN` with the live map's NumPy view, in a loop of a million, and the same loop with `pass`; the difference,
per store, of CPU time. Beside it the same through the mapping, `map[2] = SCAN`.
"""

from __future__ import annotations

import time
import timeit
from collections.abc import Sequence

import syrup
from benchmarks.measure import Figure, example, figure, main

REPETITIONS = 11
STORES = 1_000_000
SCAN = 2


def measure() -> Sequence[Figure]:
    serving = syrup.compile(example("scan_avoid")).maps.serving
    empty = min(_seconds("pass", serving))
    figures = [
        figure(name, "ns", [1e9 * (taken - empty) / STORES for taken in _seconds("target[2] = SCAN", target)], at_most)
        for name, target, at_most in (("NumPy store", serving.array, 200), ("mapping store", serving, None))
    ]
    assert serving[2] == SCAN
    return figures


def _seconds(statement: str, target: object) -> list[float]:
    """CPU time, as the cores are shared."""
    names = {"target": target, "SCAN": SCAN}
    return timeit.repeat(statement, timer=time.process_time, number=STORES, repeat=REPETITIONS, globals=names)


if __name__ == "__main__":
    main(measure, __doc__)
