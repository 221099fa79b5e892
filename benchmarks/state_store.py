"""How long does an application take to publish its state from Python?

`array[2] = SCAN` with the live map's NumPy view, in a loop of a million, and the same loop with `pass`; the difference,
per store. Beside it the same through the mapping, `map[2] = SCAN`.
"""

from __future__ import annotations

import timeit
from collections.abc import Sequence

import syrup
from benchmarks.measure import Figure, example, figure, main

REPETITIONS = 11
STORES = 1_000_000
SCAN = 2


def measure() -> Sequence[Figure]:
    serving = syrup.compile(example("scan_avoid")).maps.serving
    empty = min(timeit.repeat("pass", number=STORES, repeat=REPETITIONS))
    figures = []
    for name, target, at_most in (("NumPy store", serving.array, 200), ("mapping store", serving, None)):
        seconds = timeit.repeat(
            "target[2] = SCAN", number=STORES, repeat=REPETITIONS, globals={"target": target, "SCAN": SCAN}
        )
        figures.append(figure(name, "ns", [1e9 * (s - empty) / STORES for s in seconds], at_most))
    assert serving[2] == SCAN
    return figures


if __name__ == "__main__":
    main(measure, __doc__)
