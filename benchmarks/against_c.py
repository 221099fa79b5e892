"""What does a policy in Python cost, held against the same policy in C?

c/ has every policy of examples/ as an engineer writes it in C: the same decisions and maps, the same check against the
end of the datagram with the same way to bytes in pages, a null check wherever the kernel asks for one, and, because
this compiler's programs always have them, counters for each executor, for PASS, DROP and the faults (here by kind). A
value is looked up once and changed in place. clang compiles it with -O2 for the BPF cpus v3 and v4; the compiler works
for the kernels 5.15 and 6.18, which means the same.

All run in the project's interpreter on the same datagrams, with the same maps, chance and time (inputs.py). What they
decide, leave in the maps and count must be equal, or the benchmark ends. `instructions` are those that a decision
executes, the mean over the cases that are not rare. Then the programs decide in the kernel on the first case, in turns
as in decision_cost, but without the stub that attaching adds. `ns` are medians beyond a program that decides nothing;
without rights for that, there are none.

Two more columns hide nothing: instructions for v4 against C that counts nothing, and against C that has global
variables in place of arrays, which need no lookup.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from statistics import fmean, geometric_mean, median
from typing import Final

from rich.table import Table

from benchmarks.burst import NO_DECISION, Burst, Subject, by_hand, silent_group, take_turns
from benchmarks.clang import Form
from benchmarks.contenders import KERNELS, OURS, Contender, attached, contenders, executed
from benchmarks.inputs import CASES, Case
from benchmarks.measure import Figure, main
from syrup import privileges

ROUNDS: Final = 25
TIMES: Final = 6
NOTHING: Final = "no decision"
MEAN: Final = "mean ratio"
AT_MOST: Final = 1.25
MEAN_AT_MOST: Final = 1.05

_C: Final = Form.COUNTING.name
_TYPICAL: Final = {"instructions, v3": fmean, "instructions, v4": fmean, "ns": median}
"""What is measured -> what stands for its samples, of which there is one for each case or each round."""
_HEADS: Final = {"instructions, v3": "v3", "instructions, v4": "v4", "ns": "ns"}
_V4_SINCE: Final = (6, 6)

Samples = Mapping[str, Sequence[float]]
"""Label of a contender -> its samples."""


def measure() -> Sequence[Figure]:
    figures = [each for name in CASES for each in _policy(name)]
    return [*figures, *_means(figures)]


def _policy(name: str) -> Iterator[Figure]:
    cases = CASES[name]
    for cpu in KERNELS:
        programs = contenders(name, cpu)
        yield from _compared(name, f"instructions, {cpu}", _instructions(programs, cases))
        if cpu == _cpu_here() and privileges.may_measure():
            yield from _compared(name, "ns", _nanoseconds(programs, cases[0]))


def _instructions(programs: Mapping[str, Contender], cases: Sequence[Case]) -> Samples:
    ran = [(case, executed(programs, case)) for case in cases]
    return {label: [taken[label] for case, taken in ran if not case.rare] for label in programs}


def _nanoseconds(programs: Mapping[str, Contender], case: Case) -> Samples:
    with ExitStack() as stack:
        subjects = {NOTHING: stack.enter_context(_nothing(case))}
        subjects |= {label: stack.enter_context(attached(each, case, TIMES)) for label, each in programs.items()}
        samples = take_turns(subjects, ROUNDS)
    floor = samples.pop(NOTHING)
    return {label: [ns - less for ns, less in zip(taken, floor, strict=True)] for label, taken in samples.items()}


@contextmanager
def _nothing(case: Case) -> Iterator[Subject]:
    with silent_group(case.executors) as group, by_hand(NO_DECISION, group) as program:
        yield Subject(program, Burst([*case.payloads] * TIMES, group.port))


def _cpu_here() -> str:
    """The BPF cpu of the running kernel."""
    release = tuple(int(part) for part in platform.release().split(".")[:2])
    return "v4" if release >= _V4_SINCE else "v3"


# -- figures -----------------------------------------------------------------------------------------------------------


def _compared(name: str, what: str, samples: Samples) -> Iterator[Figure]:
    """The figure of each contender, and the ratios of ours to the others'."""
    typical = _TYPICAL[what]
    ours = samples[OURS]
    for label, taken in samples.items():
        yield Figure(f"{name}, {what}, {label}", "", typical(taken), min(taken), max(taken), len(taken))
    for label in (form.name for form in Form):
        ratio = typical(ours) / typical(samples[label])
        each = [mine / other for mine, other in zip(ours, samples[label], strict=True)]
        bar = AT_MOST if label == _C else None
        yield Figure(_ratio(name, what, label), "x", ratio, min(each), max(each), len(each), bar)


def _ratio(name: str, what: str, label: str) -> str:
    return f"{name}, {what}, {OURS} to {label}"


def _means(figures: Sequence[Figure]) -> Iterator[Figure]:
    found = {each.name: each.value for each in figures}
    for what in _TYPICAL:
        for label in (form.name for form in Form):
            ratios = [found[key] for name in CASES if (key := _ratio(name, what, label)) in found]
            if ratios:
                bar = MEAN_AT_MOST if label == _C else None
                mean = geometric_mean(ratios)
                yield Figure(_ratio(MEAN, what, label), "x", mean, min(ratios), max(ratios), len(ratios), bar)


def table(title: str, figures: Sequence[Figure]) -> Table:
    """A row for each policy, and one of geometric means: ours, C's and the ratio, for each kind of figure, and then the
    ratios to the other forms of C, for v4."""
    shown = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0))
    shown.add_column("", no_wrap=True)
    columns = [f"{head}\n{sub}" for what in _HEADS.values() for head, sub in ((what, "ours"), ("", "C"), ("", "ratio"))]
    for column in (*columns, "\nbare", "\nglobals"):
        shown.add_column(column, justify="right", no_wrap=True)
    found = {each.name: each for each in figures}
    for name in (*CASES, MEAN):
        shown.add_row(name, *_cells(name, found))
    return shown


def _cells(name: str, found: Mapping[str, Figure]) -> Iterator[str]:
    for what in _TYPICAL:
        for key in (f"{name}, {what}, {OURS}", f"{name}, {what}, {_C}"):
            yield f"{found[key].value:.1f}" if key in found else ""
        yield _ratio_cell(found.get(_ratio(name, what, _C)))
    for form in (Form.BARE, Form.GLOBALS):
        yield _ratio_cell(found.get(_ratio(name, "instructions, v4", form.name)))


def _ratio_cell(ratio: Figure | None) -> str:
    if ratio is None:
        return ""
    missed = ratio.at_most is not None and ratio.value > ratio.at_most
    return f"[red]{ratio.value:.2f}[/red]" if missed else f"{ratio.value:.2f}"


if __name__ == "__main__":
    main(measure, __doc__, table)
