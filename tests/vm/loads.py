"""Objects handed to a guest's kernel: whether each of their programs loads, and what is said where one does not.

The host calls `loads_in`; the guest runs this file.
"""

from __future__ import annotations

import json
import pickle
import resource
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from syrup.loader import load
from syrupc.errors import SyrupError
from syrupc.verifier.verdict import Verdict
from tests.vm.kernels import Image
from tests.vm.machine import SCRATCH, run_in

_ASKED: Final = "verdicts.pickle"
_ANSWERED: Final = "answers.json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the kernel said of one program: nothing where it loads."""

    program: str
    refusal: str | None


def loads_in(image: Image, verdicts: Sequence[Verdict]) -> list[tuple[Answer, ...]]:
    """For each object, what that kernel says of its programs, whatever our own verdict is. One boot."""
    done = run_in(image, ["python", "-m", "tests.vm.loads"], {_ASKED: pickle.dumps(list(verdicts))})
    assert done.status == 0, done.output
    return [tuple(Answer(*pair) for pair in answers) for answers in json.loads(done.files[_ANSWERED])]


def main() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    folder = Path(SCRATCH)
    verdicts: list[Verdict] = pickle.loads((folder / _ASKED).read_bytes())
    answers = [[(p.name, _refusal(verdict, p.name)) for p in verdict.object.programs] for verdict in verdicts]
    (folder / _ANSWERED).write_text(json.dumps(answers))


def _refusal(verdict: Verdict, program: str) -> str | None:
    try:
        with load(verdict.waive("asked of another kernel"), only={program}):
            return None
    except SyrupError as error:
        return "\n".join(line for d in error.diagnostics for line in (d.message, *d.notes, *d.details))


if __name__ == "__main__":
    main()
