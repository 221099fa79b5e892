"""Every diagnostic code is used, and its page has an example that gives it and one that does not."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from syrupc.codes import TITLES
from tests.project.examples import (
    ROOT,
    Example,
    examples,
    module_findings,
    policy_findings,
    program_findings,
    run_commands,
    run_script,
)

CODES = sorted(TITLES)
PAGES = ROOT / "syrupc" / "explain"

TOLD_ONLY = {
    "SYR602": "takes a kernel without the feature",
    "SYR604": "takes an object that the kernel refuses; tests/kernel has one",
    "SYR605": "takes an object that another compiler made",
    "SYR606": "takes all memory of the machine",
    "SYR709": "takes a service that ends meanwhile; tests/kernel has one",
    "SYR710": "takes a worker that ends in the very moment",
    "SYR711": "takes a worker that ends in the very moment",
    "SYR901": "takes a fault of this project",
    "SYR902": "takes a fault of this project",
}
"""Code -> why its page tells of it without an example that runs."""


def used_codes() -> set[str]:
    """The codes that the two packages name outside of the list of codes."""
    listed = ROOT / "syrupc" / "codes.py"
    sources = [path for root in ("syrupc", "runtime") for path in (ROOT / root).rglob("*.py") if path != listed]
    return {code for path in sources for code in re.findall(r'"(SYR\d{3})"', path.read_text())}


def test_every_code_is_given_somewhere_and_every_given_code_is_listed() -> None:
    assert used_codes() == set(CODES)


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert sorted(path.stem for path in PAGES.glob("*.md")) == CODES


@pytest.mark.parametrize("code", CODES)
def test_a_page_opens_with_code_and_title(code: str) -> None:
    text = (PAGES / f"{code}.md").read_text()
    assert text.splitlines()[0] == f"# {code}: {TITLES[code]}"
    assert len(text.split("## ")[0].splitlines()) >= 3
    expected = [] if code in TOLD_ONLY else ["Wrong", "Right"]
    assert [each.section for each in examples(text) if each.kind != ("text",)] == expected


def runnable(section: str) -> list[ParameterSet]:
    """The examples of a section, those that need a kernel marked so."""
    found = []
    for code in CODES:
        page = PAGES / f"{code}.md"
        for each in examples(page.read_text()) if page.exists() else []:
            if each.section == section and each.kind != ("text",):
                marks = [pytest.mark.bpf] if "root" in each.kind else []
                found.append(pytest.param(code, each, id=code, marks=marks))
    return found


def findings(example: Example, folder: Path) -> str:
    """What is said of an example, as text with the codes in it."""
    match example.kind:
        case ("python",):
            return " ".join(map(str, policy_findings(example.text)))
        case ("bpf", section, *kernel):
            return " ".join(map(str, program_findings(example.text, section, *kernel)))
        case ("llvm",):
            return " ".join(map(str, module_findings(example.text)))
        case ("console", *root):
            done = run_commands(example.text, folder, alone=bool(root))
            assert "Traceback" not in done.stderr
            return done.stdout + done.stderr if done.returncode else ""
        case ("python", "root"):
            done = run_script(example.text, folder)
            return done.stderr if done.returncode else ""
    raise AssertionError(f"no way to run {example.kind}")


@pytest.mark.parametrize(("code", "example"), runnable("Wrong"))
def test_the_wrong_example_gives_the_code_and_no_other(code: str, example: Example, tmp_path: Path) -> None:
    assert set(re.findall(r"SYR\d{3}", findings(example, tmp_path))) == {code}


@pytest.mark.parametrize(("code", "example"), runnable("Right"))
def test_the_right_example_gives_nothing(code: str, example: Example, tmp_path: Path) -> None:
    assert findings(example, tmp_path) == "", code
