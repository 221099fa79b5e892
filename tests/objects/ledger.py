"""What all runs together have done: committed beside this module, so that no number is used twice."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.objects.campaign import Share

PATH: Final = Path(__file__).with_name("ledger.json")
FIRST: Final = 100_000
"""The numbers before this one are for the test suite."""


@dataclass
class Ledger:
    """The counts over all runs. `finds` counts the different ones of each run."""

    next_number: int = FIRST
    inputs: int = 0
    seconds: float = 0.0
    outcomes: Counter[str] = field(default_factory=Counter)
    finds: Counter[str] = field(default_factory=Counter)

    @classmethod
    def read(cls, path: Path) -> Ledger:
        if not path.exists():
            return cls()
        held = json.loads(path.read_text())
        return cls(**held | {name: Counter(held[name]) for name in ("outcomes", "finds")})

    def add(self, share: Share, seconds: float) -> None:
        """Count what was done."""
        self.next_number = max(self.next_number, share.first + share.done)
        self.inputs += share.done
        self.seconds = round(self.seconds + seconds, 1)
        self.outcomes.update(share.outcomes)
        self.finds.update(share.finds.keys())

    def write(self, path: Path) -> None:
        """Replace the file as a whole."""
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(vars(self), indent=2, sort_keys=True) + "\n")
        os.replace(fresh, path)
