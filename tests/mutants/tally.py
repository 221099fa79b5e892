"""Two verdicts on many programs, ours and the kernel's, counted by how they agree."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from syrupc.verifier.verdict import Outcome, ProgramVerdict

STRICTER: Final = frozenset({"SYR513", "SYR525"})
"""What this kernel leaves to the program: the result of a socket program, and what its policy is said to decide."""


@dataclass
class Tally:
    """Counts over mutants. `explained` of `rejected` name what the kernel names, at the line where it stopped.

    `unsound` are accepted here and rejected by the kernel: none is to be. `imprecise` are the reverse; those that are
    `stricter` break a rule of the hook that this kernel leaves to the program. `unsupported` are not judged here.
    """

    objects: int = 0
    mutants: int = 0
    accepted: int = 0
    rejected: int = 0
    explained: int = 0
    unsound: int = 0
    stricter: int = 0
    imprecise: int = 0
    unsupported: int = 0
    no_verdict: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    unexplained: Counter[str] = field(default_factory=Counter)
    imprecisely: Counter[str] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        for name, value in vars(other).items():
            mine = getattr(self, name)
            if isinstance(mine, Counter):
                mine.update(value)
            else:
                setattr(self, name, mine + value)

    def count(self, kind: str, ours: ProgramVerdict, refused: bool, difference: Callable[[], str | None]) -> bool:
        """Count one program that the kernel judged too; whether it is accepted here and refused there.

        `difference` tells how the explanations differ, and is asked where both refuse the program.
        """
        match ours.outcome, refused:
            case Outcome.UNSUPPORTED, _:
                self.unsupported += 1
            case Outcome.ACCEPTED, False:
                self.accepted += 1
            case Outcome.ACCEPTED, True:
                self.unsound += 1
                return True
            case _, False if ours.diagnostics[0].code in STRICTER:
                self.stricter += 1
            case _, False:
                self.imprecise += 1
                self.imprecisely[f"{kind}: {ours.diagnostics[0].code}"] += 1
            case _, True:
                self.rejected += 1
                different = difference()
                self.explained += different is None
                if different:
                    self.unexplained[f"{kind}: {different}"] += 1
        return False
