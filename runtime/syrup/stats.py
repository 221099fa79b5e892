"""What a policy decided, as a value: read from its per-CPU counters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from syrup._sys import maps as kernel
from syrup._sys import objects
from syrup._sys.fd import Fd
from syrup.stores import split
from syrupc.spec import DROP_SLOT, FIRST_EXECUTOR_SLOT, PASS_SLOT, FaultSite, ProgramSpec


@dataclass(frozen=True, slots=True)
class FaultCount:
    """How often decisions ended at a place where Python would raise; each of them passed."""

    file: str
    line: int
    column: int
    kind: str
    count: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.kind} {self.count}"


@dataclass(frozen=True, slots=True)
class Stats:
    """What a policy decided since it was attached, or since it replaced another.

    `executors` has the number of decisions for each of the link's executors, in their order; `passed` and `dropped`
    are the decisions PASS and DROP; `faults` has the sites that ended a decision at least once.
    """

    policy: str
    executors: tuple[int, ...]
    passed: int
    dropped: int
    faults: tuple[FaultCount, ...]

    @property
    def faulted(self) -> int:
        return sum(fault.count for fault in self.faults)

    @property
    def decisions(self) -> int:
        """All of them: one is for an executor, PASS, DROP, or a fault."""
        return sum(self.executors) + self.passed + self.dropped + self.faulted


def read(program: ProgramSpec, file: str, groups: Sequence[tuple[Fd, int]]) -> Stats:
    """The statistics of a program in one or more groups: each with its counter map and its number of executors."""
    totals = [_totals(counters) for counters, _ in groups]
    return Stats(
        policy=program.name,
        executors=tuple(
            slots[FIRST_EXECUTOR_SLOT + index]
            for slots, (_, count) in zip(totals, groups, strict=True)
            for index in range(count)
        ),
        passed=sum(slots[PASS_SLOT] for slots in totals),
        dropped=sum(slots[DROP_SLOT] for slots in totals),
        faults=tuple(fault for site in program.faults if (fault := _fault(site, file, totals)).count),
    )


def _totals(counters: Fd) -> Mapping[int, int]:
    """Slot -> the sum over all CPUs."""
    shape = objects.map_info(counters.fileno()).shape
    return {
        int.from_bytes(key, "little"): sum(int.from_bytes(value, "little") for value in split(values, shape.value_size))
        for key, values in kernel.entries(counters.fileno(), shape)
    }


def _fault(site: FaultSite, file: str, totals: Sequence[Mapping[int, int]]) -> FaultCount:
    count = sum(slots[site.slot] for slots in totals)
    return FaultCount(file, site.line, site.column, site.kind.value, count)
