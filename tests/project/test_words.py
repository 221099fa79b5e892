"""No file speaks of the machine it was written on, or of where packages happen to come from."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

# Put together here, so that this file passes its own test.
FORBIDDEN = [
    "/wo" + "rk/",
    "/ro" + "ot/",
    "../sha" + "red",
    "pypi" + ".org",
    "python" + "hosted",
    "deb.deb" + "ian.org",
    "snapshot.deb" + "ian",
    "/opt/" + "pypi",
    "/opt/" + "wheels",
]


def tracked(repository: Path) -> list[Path]:
    """The files of the project, as git knows them; outside a clone, all that are not made here."""
    command = ["git", "-C", str(repository), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return [path for path in repository.rglob("*") if path.is_file() and not _made(path.relative_to(repository))]
    return [path for name in done.stdout.split("\0") if name and (path := repository / name).is_file()]


def _made(path: Path) -> bool:
    """Whether the file is a product: of the environment, a cache, a build."""
    hidden = path.parts[0].startswith(".") and path.parts[0] not in (".ci", ".gitignore")
    return hidden or "__pycache__" in path.parts or path.parts[0].endswith((".egg-info", "build", "dist"))


@pytest.mark.parametrize("word", FORBIDDEN)
def test_no_file_names_a_place_of_one_machine(repository: Path, word: str) -> None:
    found = [str(path.relative_to(repository)) for path in tracked(repository) if word.encode() in path.read_bytes()]
    assert found == []


def test_the_files_of_the_project_are_found(repository: Path) -> None:
    assert repository / "setup.cfg" in tracked(repository)
