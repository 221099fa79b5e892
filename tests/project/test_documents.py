"""What the documents show is what happens: policies compile, commands exist, and sessions print what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from docs.generate import PAGE, TABLES, filled
from syrupc import lang
from syrupc.diagnostics import Severity
from tests.project.examples import ROOT, Example, examples, policy_findings, run_session

DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("**/*.md")])
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]


DEPLOYING = {"World"}
"""Names of the language that are for those who run policies."""


def blocks(kinds: tuple[str, ...]) -> list[ParameterSet]:
    return [
        pytest.param(each, id=f"{name}:{each.line}")
        for name, path in zip(NAMES, DOCUMENTS, strict=True)
        for each in examples(path.read_text())
        if each.kind[:1] == kinds
    ]


@pytest.mark.parametrize("example", blocks(("python",)))
def test_python_is_python_and_policies_compile(example: Example) -> None:
    compile(example.text, "example.py", "exec")
    wrong = "file=wrong.py" in example.kind
    if "@syrup.jit" in example.text:
        errors = [each for each in policy_findings(example.text) if each.severity is Severity.ERROR]
        assert bool(errors) is wrong


@pytest.mark.parametrize("example", blocks(("console",)))
def test_what_make_is_asked_for_exists(example: Example) -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"^\$ make (\w+)", example.text, re.MULTILINE)) <= targets


def documents_with(command: str) -> list[str]:
    return [name for name, path in zip(NAMES, DOCUMENTS, strict=True) if f"\n$ {command}" in path.read_text()]


@pytest.mark.bpf
@pytest.mark.parametrize("name", documents_with("syrup"))
def test_a_session_prints_what_the_document_shows(name: str, tmp_path: Path) -> None:
    check_session(name, tmp_path, alone=True)


@pytest.mark.parametrize("name", documents_with("pytest"))
def test_a_session_of_tests_passes_without_rights(name: str, tmp_path: Path) -> None:
    check_session(name, tmp_path, alone=False)


def check_session(name: str, folder: Path, *, alone: bool) -> None:
    for example, output in run_session(examples((ROOT / name).read_text()), folder, alone=alone):
        shown = [line for line in example.text.splitlines() if not line.startswith("$ ")]
        for line in shown if example.kind[0] == "console" else []:
            pattern = ".*".join(map(re.escape, line.rstrip().split("…")))
            assert re.search(f"^{pattern}$", output, re.MULTILINE), f"line {example.line}: no `{line}` in\n{output}"


def test_generated_tables_are_those_of_the_code() -> None:
    assert filled(PAGE.read_text()) == PAGE.read_text(), "type: make docs"


def test_every_table_of_the_code_is_shown() -> None:
    assert set(re.findall(r"<!-- generated: (\w+) -->", PAGE.read_text())) == set(TABLES)


@pytest.mark.parametrize("name", sorted(set(lang.__all__) - DEPLOYING))
def test_the_reference_names_everything_that_policies_import(name: str) -> None:
    assert re.search(rf"\b{name}\b", PAGE.read_text())


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_links_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", path.read_text())
    assert [target for target in targets if not (path.parent / target).exists()] == []
