"""How long does it take to compile and verify a policy, in a process that is warm?

`compile_file` of each example: from the source's text to the verified object, nothing cached. The first three calls of
each only warm Numba and LLVM. LLVM works in a process of its own, so the clock is what counts here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from benchmarks.measure import EXAMPLES, Figure, example, figure, main, timed
from syrupc.driver import compile_file
from syrupc.options import Options

REPETITIONS = 25


def measure() -> Sequence[Figure]:
    return [_measure(name) for name in EXAMPLES]


def _measure(name: str) -> Figure:
    times = timed(partial(compile_file, example(name), Options()), REPETITIONS, warm_up=3)
    return figure(name, "ms", times.wall, 40)


if __name__ == "__main__":
    main(measure, __doc__)
