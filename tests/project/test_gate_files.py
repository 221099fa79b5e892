"""The files that bring the gate to other repositories: what pre-commit and GitHub make of them is what they say."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.commands import POLICY

BIN = Path(sys.executable).parent
FLOAT = POLICY.replace("% 5", "/ 5")


def run(*command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command that finds the tools of this environment."""
    everything = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **environment}
    return subprocess.run(command, cwd=folder, env=everything, capture_output=True, text=True, check=False)


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """A folder with one policy that is accepted and one that is not."""
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "right.py").write_text(POLICY)
    (tmp_path / "policies" / "wrong.py").write_text(FLOAT)
    return tmp_path


# -- pre-commit --------------------------------------------------------------------------------------------------------


def test_the_manifest_of_hooks_is_valid(repository: Path) -> None:
    done = run("pre-commit", "validate-manifest", ".pre-commit-hooks.yaml", folder=repository)
    assert done.returncode == 0, done.stdout


@pytest.fixture
def committed(policies: Path, repository: Path) -> Path:
    """A clone that has the hook as the manifest says, with this environment instead of one that pre-commit makes."""
    (hook,) = yaml.safe_load((repository / ".pre-commit-hooks.yaml").read_text())
    local = {"repo": "local", "hooks": [{**hook, "language": "system"}]}
    (policies / ".pre-commit-config.yaml").write_text(yaml.safe_dump({"repos": [local]}))
    run("git", "init", "--quiet", ".", folder=policies)
    run("git", "add", ".", folder=policies)
    return policies


def hooked(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PRE_COMMIT_HOME": str(folder / ".cache"), "PRE_COMMIT_COLOR": "never"}
    return run("pre-commit", "run", folder=folder, **environment)


def test_the_hook_fails_with_the_findings_in_all_of_the_repository(committed: Path) -> None:
    done = hooked(committed)
    assert done.returncode == 1
    assert "error[SYR101]" in done.stdout
    assert "--> policies/wrong.py:10:12" in done.stdout


def test_the_hook_passes_when_all_is_accepted(committed: Path) -> None:
    (committed / "policies" / "wrong.py").write_text(POLICY)
    run("git", "add", ".", folder=committed)
    done = hooked(committed)
    assert done.returncode == 0, done.stdout
    assert "verify scheduling policies" in done.stdout
    assert "Passed" in done.stdout


def test_the_hook_is_asked_for_policies_and_objects_only(committed: Path) -> None:
    run("git", "reset", "--quiet", folder=committed)
    (committed / "README.md").write_text("")
    run("git", "add", "README.md", ".pre-commit-config.yaml", folder=committed)
    done = hooked(committed)
    assert (done.returncode, "Skipped" in done.stdout) == (0, True)


# -- GitHub ------------------------------------------------------------------------------------------------------------


def action(repository: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((repository / "action.yml").read_text())
    return loaded


def test_the_action_keeps_to_the_schema(repository: Path) -> None:
    done = run("check-jsonschema", "--builtin-schema", "vendor.github-actions", "action.yml", folder=repository)
    assert done.returncode == 0, done.stdout


def test_every_input_is_used_and_every_used_input_is_declared(repository: Path) -> None:
    text = (repository / "action.yml").read_text()
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == set(action(repository)["inputs"])


def test_no_input_is_a_part_of_a_script(repository: Path) -> None:
    scripts = [step["run"] for step in action(repository)["runs"]["steps"] if "run" in step]
    assert len(scripts) == 2
    assert [script for script in scripts if "${{" in script] == []


def verify_step(repository: Path, folder: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run the step as GitHub's runner does: `bash -e` over the script, inputs filled into the environment."""
    described = action(repository)
    (step,) = (each for each in described["runs"]["steps"] if each.get("name") == "Verify")
    given = {name: str(each["default"]) for name, each in described["inputs"].items()} | inputs
    filled = {
        name: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: given[found[1]], value)
        for name, value in step["env"].items()
    }
    (folder / "step.sh").write_text(step["run"])
    shell = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "step.sh")
    return run(*shell, folder=folder, **filled)


def test_the_action_shows_findings_beside_the_lines_and_fails(repository: Path, policies: Path) -> None:
    done = verify_step(repository, policies)
    assert done.returncode == 1
    assert done.stdout.startswith("::error file=policies/wrong.py,line=10,")
    assert " accepted  policies/right.py " in done.stdout
    assert done.stderr == ""


def test_paths_of_the_action_are_one_a_line_with_patterns_and_spaces(repository: Path, policies: Path) -> None:
    (policies / "a b").mkdir()
    (policies / "a b" / "right.py").write_text(POLICY)
    done = verify_step(repository, policies, paths="policies/r*.py\n\na b\n")
    assert done.returncode == 0, done.stdout
    assert "2 programs in 2 files: 2 accepted" in done.stdout


def test_the_action_takes_a_baseline_and_writes_sarif(repository: Path, policies: Path) -> None:
    done = verify_step(repository, policies, sarif="findings.sarif")
    assert done.returncode == 1
    assert [each["ruleId"] for each in json.loads((policies / "findings.sarif").read_text())["runs"][0]["results"]] == [
        "SYR101"
    ]
    run("syrupc", "verify", ".", "--baseline", "known.json", "--update-baseline", folder=policies)
    done = verify_step(repository, policies, sarif="findings.sarif", baseline="known.json")
    assert done.returncode == 0, done.stdout
    assert json.loads((policies / "findings.sarif").read_text())["runs"][0]["results"] == []


@pytest.mark.parametrize(
    ("name", "value"), [("paths", "$(touch owned)"), ("kernel", "'; touch owned; '"), ("baseline", "`touch owned`")]
)
def test_an_input_is_never_run(repository: Path, policies: Path, name: str, value: str) -> None:
    assert verify_step(repository, policies, **{name: value}).returncode == 2
    assert not (policies / "owned").exists()


def test_the_action_passes_the_kernel_on(repository: Path, policies: Path) -> None:
    done = verify_step(repository, policies, kernel="2.4")
    assert (done.returncode, "unknown kernel `2.4`" in done.stdout) == (2, True)
