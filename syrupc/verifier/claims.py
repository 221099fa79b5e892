"""What an object says that a run takes, held against what is proven: it may say more, never less."""

from __future__ import annotations

from dataclasses import replace

from syrupc.kernel.costs import REVISION
from syrupc.kernel.reasoning import reasoning
from syrupc.objfile.model import Cost, Costs
from syrupc.verifier.findings import Finding, not_proven
from syrupc.verifier.subject import Subject
from syrupc.verifier.verdict import ProgramVerdict, Verdict


def costs_of(verdict: Verdict, release: tuple[int, int]) -> Costs:
    """What was proven for a kernel, as the object says it: of all programs that it describes."""
    described = verdict.object.spec.programs if verdict.object.spec else ()
    found = {program.name: verdict.cost_of(program.name) for program in described}
    return Costs(release, REVISION, {name: cost for name, cost in found.items() if cost})


def as_claimed(subject: Subject, costs: Costs) -> Subject:
    """The same for the kernel that the object speaks of, which may prove more."""
    return replace(subject, kernel=replace(subject.kernel, reasoning=reasoning(costs.release)))


def check_claim(claimed: Cost, costs: Costs, proven: ProgramVerdict) -> Finding | None:
    """The program takes no more than the object says. Estimates by other figures than these cannot be compared."""
    if claimed.executed < proven.executed:
        what = f"{claimed.executed} instructions", f"{proven.executed}"
    elif costs.revision != REVISION or claimed.duration is None:
        return None
    elif proven.duration is None or claimed.duration < proven.duration:
        what = f"{claimed.duration} ns", "no estimate" if proven.duration is None else f"{proven.duration} ns"
    else:
        return None
    return not_proven("SYR525", f"the object says that a run takes at most {what[0]}", f"what is proven is {what[1]}")
