"""What all runs together have done: committed beside this module, so that no seed is used twice and the count grows."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.fuzz.tally import Tally

PATH: Final = Path(__file__).with_name("ledger.json")


@dataclass
class Ledger:
    """The counts over all runs. `next_seed` is the first one that was never used."""

    path: Path
    next_seed: int
    tally: Tally = field(default_factory=Tally)
    seconds: float = 0.0

    @classmethod
    def read(cls, path: Path, first_seed: int) -> Ledger:
        """The ledger in a file, or a new one, whose runs begin with `first_seed`."""
        if not path.exists():
            return cls(path, first_seed)
        held = json.loads(path.read_text())
        return cls(path, max(held["next_seed"], first_seed), _tally(held), held["seconds"])

    def claim(self) -> int:
        """A seed of one's own, taken for good."""
        seed, self.next_seed = self.next_seed, self.next_seed + 1
        self.write()
        return seed

    def add(self, tally: Tally, seconds: float) -> None:
        """Count what was done."""
        self.tally += tally
        self.seconds += seconds
        self.write()

    def write(self) -> None:
        """Replace the file as a whole."""
        tally = self.tally
        held = {
            "next_seed": self.next_seed,
            "programs_three_ways": tally.programs_three_ways,
            "programs_two_ways": tally.programs_two_ways,
            "files": tally.files,
            "questions": tally.questions,
            "too_costly": tally.too_costly,
            "rejected": dict(sorted(tally.rejected.items())),
            "finds": dict(sorted(tally.finds.items())),
            "outcomes": dict(sorted(tally.outcomes.items())),
            "seconds": round(self.seconds, 1),
        }
        fresh = self.path.with_suffix(".new")
        fresh.write_text(json.dumps(held, indent=2, ensure_ascii=False) + "\n")
        os.replace(fresh, self.path)


def _tally(held: dict[str, Any]) -> Tally:
    counters = {name: Counter(held[name]) for name in ("rejected", "finds", "outcomes")}
    numbers = {
        name: held[name] for name in ("programs_three_ways", "programs_two_ways", "files", "questions", "too_costly")
    }
    return Tally(**numbers, **counters)
