"""How long does the pre-verifier take, and how does that grow with the program?

`verify` of each example's object, read and in memory: what a gate does for each object, in a process that is warm. Then
programs of growing size that are made of one thing each: straight arithmetic, branches that meet again, look-ups that
are tested, turns of a loop, calls of a function. The clock of one process; medians.

`--plot FILE` draws the growth (it wants matplotlib, which `pip install matplotlib` brings).
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Sequence
from functools import partial
from typing import Final

from benchmarks.measure import EXAMPLES, Figure, example, figure, main, timed
from syrupc.driver import compile_file
from syrupc.isa.assembly import parse_program
from syrupc.kernel.contexts import CONTEXTS
from syrupc.kernel.helpers import helpers_of
from syrupc.kernel.profiles import DEFAULT_PROFILE, profile
from syrupc.kernel.program_types import BY_NAME
from syrupc.objfile.model import MapDefinition
from syrupc.options import Options
from syrupc.verifier.gate import judge, verify
from syrupc.verifier.subject import MapUse, Subject
from syrupc.verifier.verdict import Outcome

REPETITIONS: Final = 15
SIZES: Final = (250, 500, 1000, 2000, 4000, 8000)
JUDGED: Final = 4000
"""The size, in instructions, that has a bar."""

_ARRAY: Final = MapDefinition("array", 2, 4, 8, 1)
_LOOK_UP: Final = """
    *(u32 *)(r10 - 4) = 0
    r1 = map(0) ll
    r2 = r10
    r2 += -4
    call 1
    if r0 == 0 goto +2
    r1 = *(u64 *)(r0 + 0)
    r6 += r1
"""
# What a program is made of: the lines that are repeated, and how many instructions they are (for a loop: walked).
_SHAPES: Final = {
    "straight": ("r6 += 3\nr6 ^= 5", 2),
    "branches": ("call 7\nif r0 > 5 goto +1\nr6 += 1", 3),
    "look-ups": (_LOOK_UP, 9),
    "calls": ("r1 = r6\ncall pc+{to_function}\nr6 = r0", 3),
}


def measure() -> Sequence[Figure]:
    examples = [_example(name) for name in EXAMPLES]
    of_all = figure("examples", "ms", [one.value for one in examples], 10)
    return [*examples, of_all, *(one for shape in (*_SHAPES, "loop") for one in _growth(shape))]


def _example(name: str) -> Figure:
    compiled = compile_file(example(name), Options()).object
    kernel = profile(DEFAULT_PROFILE)
    return figure(name, "ms", timed(partial(verify, compiled, kernel), REPETITIONS, warm_up=3).wall)


def _growth(shape: str) -> list[Figure]:
    return [_made(shape, size) for size in SIZES]


def _made(shape: str, size: int) -> Figure:
    subject = made(shape, size)
    if judge(subject).outcome is not Outcome.ACCEPTED:
        raise SystemExit(f"{shape} of {size} instructions is not accepted")
    times = timed(partial(judge, subject), 5).wall
    return figure(f"{shape}, {size} instructions", "ms", times, 1000 if size == JUDGED else None)


def made(shape: str, size: int) -> Subject:
    """A program of about `size` instructions (a loop: that walks so many)."""
    if shape == "loop":
        text = f"r6 = 0\nagain:\nr6 += 1\nif r6 < {size // 2} goto again\nr0 = 0\nexit"
    else:
        lines, length = _SHAPES[shape]
        count = size // length
        bodies = [lines.format(to_function=length * (count - number) + 0) for number in range(count)]
        function = "\nr0 = r1\nr0 += 1\nexit" if shape == "calls" else ""
        text = "r6 = 0\n" + "\n".join(bodies) + "\nr0 = 0\nexit" + function
    insns = parse_program(text)
    looked_up = [slot for slot, insn in enumerate(insns) if insn.opcode == 0x18]
    kind, kernel = BY_NAME["socket_filter"], profile("6.18")
    return Subject(
        name=shape,
        insns=insns,
        type=kind,
        context=CONTEXTS[kind.name],
        helpers=helpers_of(kind.name, kernel.release),
        maps=(_ARRAY,),
        uses={slot: MapUse(0, None) for slot in looked_up},
        gpl=True,
        kernel=kernel,
    )


def plot(path: str) -> None:
    """Draw milliseconds against instructions, both on logarithmic axes, a line for each shape."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    figure_, axes = pyplot.subplots(figsize=(7, 4.2))
    for shape in (*_SHAPES, "loop"):
        found = [statistics.median(timed(partial(judge, made(shape, size)), 5).wall) for size in SIZES]
        axes.plot(SIZES, found, marker="o", label=shape)
    axes.set(xscale="log", yscale="log", xlabel="instructions", ylabel="milliseconds, median of 5")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    figure_.tight_layout()
    figure_.savefig(path, metadata={"Date": None})


if __name__ == "__main__":
    if len(sys.argv) == 3 and sys.argv[1] == "--plot":
        plot(sys.argv[2])
    else:
        main(measure, __doc__)
