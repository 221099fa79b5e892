"""The definition of the language: whatever a policy says, all ways of running it agree, and every kernel takes it.

What is generated and compared is in `tests.fuzz`; `make fuzz` goes on from here, with other seeds. What it found once
is in `tests/fuzz/finds`.
"""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from syrupc.frontend.entries import METHODS
from syrupc.spec import INT_TYPES, STORED_TYPES, MapKind
from tests.fuzz import replay
from tests.fuzz.census import features
from tests.fuzz.examine import examine
from tests.fuzz.ledger import Ledger
from tests.fuzz.sample import sample
from tests.fuzz.share import Examiner, examiner

PROGRAMS: Final = 2000
"""How many generated programs a change must pass."""

_OPERATORS: Final = ("Add", "Sub", "Mult", "FloorDiv", "Mod", "BitAnd", "BitOr", "BitXor", "LShift", "RShift")
_STATEMENTS: Final = (
    "Assert",
    "Assign",
    "Break",
    "ClassDef",
    "Continue",
    "Delete",
    "Expr",
    "For",
    "If",
    "Match",
    "Pass",
)
CONSTRUCTS: Final = frozenset(
    (
        *(f"map kind: {kind.value}" for kind in MapKind),
        *(f"method: {name}" for name in METHODS),
        *(f"method: {name}" for name in ("read", "startswith", "find", "u8", "be64")),
        *(f"method: {name}" for name in ("random", "now_ns", "cpu", "hash", "trace", "range")),
        *(f"call: {name}" for name in (*INT_TYPES, "min", "max", "abs", "len", "range", "helper_0")),
        *(f"{what} type: {name}" for what in ("key", "value") for name in (*STORED_TYPES, "Request")),
        *(f"annotated: syrup.Elements[{name}]" for name in (*STORED_TYPES, "Request")),
        *(f"operator: {name}" for name in (*_OPERATORS, "And", "Or", "Not", "Invert", "USub", "UAdd", "Pow")),
        *(f"augmented: {target} {name}" for target in ("Name", "Subscript", "Attribute") for name in _OPERATORS),
        *(f"comparison: {name}" for name in ("Eq", "NotEq", "Lt", "In", "NotIn", "Is", "IsNot", "chain")),
        *(f"expression: {name}" for name in ("IfExp", "NamedExpr", "Subscript")),
        *(f"statement: {name}" for name in (*_STATEMENTS, "Return", "While")),
        *(f"statement: {name}" for name in ("case with a guard", "case of several", "tuple assignment")),
        *(f"loop: {name}" for name in ("for … else", "while … else", "for in for", "while in for", "for in while")),
        *(f"decision: {name}" for name in ("PASS", "DROP")),
    )
)

FINDS: Final = sorted((Path(__file__).parents[1] / "fuzz" / "finds").glob("*.py"))


@pytest.mark.timeout(1800)
def test_all_ways_of_running_a_policy_agree_and_every_kernel_takes_it(repository: Path, tmp_path: Path) -> None:
    counted = tmp_path / "ledger.json"
    command = [sys.executable, "-m", "tests.fuzz", "--programs", str(PROGRAMS), "--finds", "1", "--first-seed", "0"]
    places = ["--ledger", str(counted), "--finds-folder", str(tmp_path)]
    ran = subprocess.run([*command, *places], cwd=repository, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    tally = Ledger.read(counted, 0).tally
    assert tally.programs >= PROGRAMS
    assert tally.rejected.total() < tally.files // 10, "too little of what is generated is run"


def test_everything_that_the_language_has_is_generated() -> None:
    generated = frozenset[str]().union(*(features(sample(random.Random(number)).text) for number in range(600)))

    assert not CONSTRUCTS - generated


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
