"""One share of a campaign: the programs of one Hypothesis seed, generated and examined in this process."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.bpf_probe import why_no_bpf
from tests.fuzz.census import features
from tests.fuzz.examine import Examination, Find, examine
from tests.fuzz.sample import Program, sample
from tests.fuzz.shrink import shrink
from tests.fuzz.tally import Tally

if TYPE_CHECKING:
    from tests.fuzz.kernel import Bench

FILES: Final = 50
"""The files of a share."""

SHRINK_SECONDS: Final = 240.0


@dataclass(frozen=True, slots=True)
class Found:
    """A find with the program that shows it, as generated and made small."""

    find: Find
    seed: int
    program: Program
    small: Program
    small_find: Find


@dataclass
class Result:
    """What came of a share."""

    seed: int
    tally: Tally = field(default_factory=Tally)
    found: list[Found] = field(default_factory=list)
    seconds: float = 0.0


def programs(number: int, files: int) -> list[Program]:
    """What Hypothesis generates from a seed."""
    made: list[Program] = []

    @seed(number)
    @settings(
        max_examples=files,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.randoms(use_true_random=False))
    def generate(rnd: random.Random) -> None:
        made.append(sample(rnd))

    generate()
    return made


@dataclass
class Examiner:
    """Examines programs in this process, each text once."""

    bench: Bench | None
    seen: set[int] = field(default_factory=set)
    known: set[str] = field(default_factory=set)

    def run(self, number: int, stopped: Callable[[], bool] = lambda: False, files: int = FILES) -> Result:
        """The share of a seed; ends early, with what it has, once `stopped` says so."""
        result = Result(number)
        begin = time.monotonic()
        for program in programs(number, files):
            if not stopped():
                self._count(program, result, stopped)
        result.seconds = time.monotonic() - begin
        return result

    def _count(self, program: Program, result: Result, stopped: Callable[[], bool]) -> None:
        if hash(program.text) in self.seen:
            return
        self.seen.add(hash(program.text))
        done = examine(program, self.bench)
        _add(program, done, self.bench is not None, result.tally)
        if done.find and done.find.what not in self.known:
            self.known.add(done.find.what)
            result.found.append(self._made_small(program, done.find, result.seed, stopped))

    def _made_small(self, program: Program, find: Find, number: int, stopped: Callable[[], bool]) -> Found:
        def still_found(candidate: Program) -> bool:
            if stopped():
                return False
            again = examine(candidate, self.bench).find
            return again is not None and again.what == find.what

        small = shrink(program, still_found, SHRINK_SECONDS, asked=find.asked)
        return Found(find, number, program, small, examine(small, self.bench).find or find)


def _add(program: Program, done: Examination, three_ways: bool, tally: Tally) -> None:
    tally.files += 1
    tally.features.update(features(program.text))
    if done.find:
        tally.finds[done.find.what] += 1
        return
    tally.rejected.update(done.rejected)
    tally.too_costly += done.costly
    if done.rejected:
        return
    if three_ways:
        tally.programs_three_ways += len(program.policies)
    else:
        tally.programs_two_ways += len(program.policies)
    tally.questions += len(program.asks)
    tally.outcomes.update(done.outcomes)


@contextmanager
def examiner(cpu: int | None = None, *, kernel: bool = True) -> Iterator[Examiner]:
    """An examiner on one CPU, with the kernel where there is BPF."""
    if not kernel or why_no_bpf() is not None:
        yield Examiner(None)
        return
    from tests.fuzz.kernel import bench

    with bench(cpu) as made:
        yield Examiner(made)
