"""What is installed is what is in the tree."""

from __future__ import annotations

import configparser
from pathlib import Path

import pytest

ROOTS = {"syrupc": "syrupc", "syrup": "runtime/syrup"}


@pytest.fixture(scope="module")
def setup(repository: Path) -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(repository / "setup.cfg")
    return parser


@pytest.mark.parametrize("name", ROOTS)
def test_every_package_is_listed(name: str, setup: configparser.ConfigParser, repository: Path) -> None:
    root = repository / ROOTS[name]
    listed = {each for each in setup["options"]["packages"].split() if each.split(".")[0] == name}
    found = {".".join((name, *path.parent.relative_to(root).parts)) for path in root.rglob("__init__.py")}
    assert found == listed


def test_every_folder_with_modules_is_a_package(repository: Path) -> None:
    folders = {path.parent for root in ROOTS.values() for path in (repository / root).rglob("*.py")}
    assert {str(folder) for folder in folders if not (folder / "__init__.py").exists()} == set()


def test_files_that_are_no_modules_are_package_data(setup: configparser.ConfigParser, repository: Path) -> None:
    data = setup["options.package_data"]
    missed = []
    for name, place in ROOTS.items():
        root = repository / place
        covered = {path for pattern in data[name].split() for path in root.glob(pattern)}
        files = {path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts}
        missed += sorted(str(path) for path in files - covered if path.suffix != ".py")
    assert missed == []


def test_commands_name_functions_that_exist(setup: configparser.ConfigParser) -> None:
    import importlib

    scripts = setup["options.entry_points"]["console_scripts"].split("\n")
    for script in filter(None, scripts):
        module, _, function = script.partition("=")[2].strip().partition(":")
        assert callable(getattr(importlib.import_module(module), function))
