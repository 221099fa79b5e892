"""What came of many programs, as counts that add up."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields


@dataclass
class Tally:
    """A *file* is what is compiled, a *program* is a policy in one; both count where all ways were run and agreed.

    `rejected` counts files by diagnostic code, `finds` what must not be, `outcomes` decisions, and `features` the files
    that have a construct.
    """

    files: int = 0
    programs_three_ways: int = 0
    programs_two_ways: int = 0
    questions: int = 0
    too_costly: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    finds: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    features: Counter[str] = field(default_factory=Counter)

    @property
    def programs(self) -> int:
        return self.programs_three_ways + self.programs_two_ways

    def __iadd__(self, other: Tally) -> Tally:
        for each in fields(self):
            ours, theirs = getattr(self, each.name), getattr(other, each.name)
            if isinstance(ours, Counter):
                ours.update(theirs)
            else:
                setattr(self, each.name, ours + theirs)
        return self
