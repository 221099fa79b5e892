"""The definition of the language: whatever a policy says, all ways of running it agree, and every kernel takes it.

What is generated and compared is in `tests.fuzz`; `make fuzz` goes on from here, with other seeds. What it found once
is in `tests/fuzz/finds`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.fuzz import replay
from tests.fuzz.examine import examine
from tests.fuzz.ledger import Ledger
from tests.fuzz.share import Examiner, examiner

PROGRAMS: Final = 300
"""How many generated programs a change must pass."""

FINDS: Final = sorted((Path(__file__).parents[1] / "fuzz" / "finds").glob("*.py"))


@pytest.mark.timeout(1200)
def test_all_ways_of_running_a_policy_agree_and_every_kernel_takes_it(repository: Path, tmp_path: Path) -> None:
    counted = tmp_path / "ledger.json"
    command = [sys.executable, "-m", "tests.fuzz", "--programs", str(PROGRAMS), "--finds", "1", "--first-seed", "0"]
    places = ["--ledger", str(counted), "--finds-folder", str(tmp_path)]
    ran = subprocess.run([*command, *places], cwd=repository, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    tally = Ledger.read(counted, 0).tally
    assert tally.programs >= PROGRAMS
    assert tally.rejected.total() < tally.files // 10, "too little of what is generated is run"


@pytest.fixture
def examining() -> Iterator[Examiner]:
    with examiner() as made:
        yield made


@pytest.mark.parametrize("path", FINDS, ids=lambda path: path.stem)
def test_what_was_found_once_stays_mended(path: Path, examining: Examiner) -> None:
    program = replay.read(path)
    assert program.asks
    done = examine(program, examining.bench)
    assert done.find is None, f"{done.find.what}\n{done.find.details}"
    assert not done.rejected
