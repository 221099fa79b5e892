"""How long does it take to compile and verify a policy, in a process that is warm?

`compile_file` of each example: from the source's text to the verified object, nothing cached. The first three calls of
each only warm Numba and LLVM.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from benchmarks.measure import EXAMPLES, Figure, both, example, main, timed
from syrupc.driver import compile_file
from syrupc.options import Options

REPETITIONS = 25


def measure() -> Sequence[Figure]:
    return [one for name in EXAMPLES for one in _measure(name)]


def _measure(name: str) -> tuple[Figure, Figure]:
    return both(name, timed(partial(compile_file, example(name), Options()), REPETITIONS, warm_up=3), at_most=40)


if __name__ == "__main__":
    main(measure, __doc__)
