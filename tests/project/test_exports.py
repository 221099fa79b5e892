"""What the packages offer: every exported name exists, says what it is for, and is what type checkers see."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path

import pytest

import syrup


def facades(repository: Path) -> list[str]:
    """The modules that say what they export."""
    roots = {"syrupc": repository / "syrupc", "syrup": repository / "runtime" / "syrup"}
    return sorted(
        ".".join((name, *path.parent.relative_to(root).parts))
        for name, root in roots.items()
        for path in root.rglob("__init__.py")
        if "__all__" in path.read_text()
    )


def test_there_are_facades(repository: Path) -> None:
    assert {"syrup", "syrupc.lang", "syrupc.verifier"} <= set(facades(repository))


def test_every_exported_name_exists_once(repository: Path) -> None:
    for name in facades(repository):
        module = importlib.import_module(name)
        assert len(set(module.__all__)) == len(module.__all__), name
        assert [each for each in module.__all__ if not hasattr(module, each)] == [], name


@pytest.mark.parametrize("name", syrup.__all__)
def test_every_name_of_syrup_says_what_it_is_for(name: str) -> None:
    value = getattr(syrup, name)
    if inspect.isclass(value) or inspect.isfunction(value):
        assert inspect.getdoc(value)


def test_type_checkers_see_what_is_exported() -> None:
    tree = ast.parse(Path(str(syrup.__file__)).read_text())
    (block,) = (each for each in tree.body if isinstance(each, ast.If))
    imports = [alias for each in block.body if isinstance(each, ast.ImportFrom) for alias in each.names]
    assert sorted(alias.asname or alias.name for alias in imports) == sorted(syrup.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = syrup.nonsense


def test_dir_lists_what_is_exported() -> None:
    assert set(syrup.__all__) <= set(dir(syrup))
