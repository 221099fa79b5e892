"""What type checkers say of policies as they are, under the strictest rules of each: nothing."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import pytest
from mypy import api

from tests.typing.editor import ROOT, SETTINGS, tool

FOLDERS: Final = ("examples", "benchmarks/policies", "tests/policies")
POLICIES: Final = sorted(path for folder in FOLDERS for path in (ROOT / folder).glob("*.py"))

POLICY: Final = """\
import syrup

table = syrup.Array(syrup.u64, 4)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return {}
"""
WRONG: Final = {
    "attribute": ("pkt.payload.u9(0)", "u9"),
    "argument": ('pkt.payload.u8("0")', "int"),
    "map": ("table.fetchadd(0, 1)", "fetchadd"),
    "result": ('"worker"', "int"),
}
"""What is wrong -> what the policy returns, and a word that a checker says of it."""

TEST: Final = """\
import syrup
from examples.sita import sita


def test_it() -> None:
    with syrup.World(random=[1, 2], cpu=3) as world:
        decision = sita.decide(syrup.Packet(b"x"))
    world.now_ns += 1
    index: syrup.Executor = decision
    assert decision.fault is not None
    assert decision.fault.line + index
"""

Findings = Mapping[str, Sequence[str]]
"""File, by its bare name -> what is said of it."""


def mypy(files: Sequence[Path], folder: Path) -> Findings:
    settings = ["--config-file", str(ROOT / "setup.cfg"), "--cache-dir", str(folder), "--output", "json"]
    out, err, _ = api.run([*settings, *map(str, files)])
    assert not err
    found = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    return {path.name: [each["message"] for each in found if Path(each["file"]).name == path.name] for path in files}


def pyright(files: Sequence[Path], folder: Path) -> Findings:
    project = folder / "pyrightconfig.json"
    project.write_text(json.dumps({**SETTINGS, "include": [str(path) for path in files]}))
    command = [tool("basedpyright"), "--outputjson", "--project", str(project)]
    report = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    assert report["summary"]["filesAnalyzed"] == len(files)
    found = report["generalDiagnostics"]
    return {path.name: [each["message"] for each in found if Path(each["file"]).name == path.name] for path in files}


@pytest.fixture(scope="module", params=[mypy, pyright], ids=["mypy", "pyright"])
def findings(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """What a checker says of all policies, and of what is written here, in one run."""
    check: Callable[[Sequence[Path], Path], Findings] = request.param
    folder = tmp_path_factory.mktemp("typing")
    written = {f"wrong_{what}.py": POLICY.format(result) for what, (result, _) in WRONG.items()}
    written |= {"test_policy.py": TEST}
    for name, text in written.items():
        (folder / name).write_text(text)
    return check([*POLICIES, *(folder / name for name in written)], folder)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda path: path.stem)
def test_a_policy_is_well_typed_as_it_is(findings: Findings, policy: Path) -> None:
    assert findings[policy.name] == []


@pytest.mark.parametrize(("what", "word"), [(what, word) for what, (_, word) in WRONG.items()])
def test_a_mistake_is_found_while_typing(findings: Findings, what: str, word: str) -> None:
    assert word in " ".join(findings[f"wrong_{what}.py"])


def test_a_unit_test_is_well_typed_as_it_is(findings: Findings) -> None:
    assert findings["test_policy.py"] == []


def test_file_names_are_unique() -> None:
    assert len({path.name for path in POLICIES}) == len(POLICIES) >= 8
