"""Which files a command line names: files as they are, folders with all below, patterns."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from syrupc.inputs import find
from tests.unit.commands import POLICY

BPF = b"\x7fELF\x02\x01\x01" + bytes(11) + b"\xf7\x00"
X86 = b"\x7fELF\x02\x01\x01" + bytes(11) + b"\x3e\x00"
BIG_BPF = b"\x7fELF\x02\x02\x01" + bytes(11) + b"\x00\xf7"


@pytest.fixture
def tree(folder: Path) -> Path:
    """Policies and objects, and much that is neither."""
    for name, content in {
        "a.py": POLICY.encode(),
        "deep/er/b.py": POLICY.encode(),
        "deep/c.o": BPF,
        "deep/big.o": BIG_BPF,
        "deep/main.o": X86,
        "deep/junk.o": b"junk",
        "deep/plain.py": b"import os\n",
        "deep/README.md": b"",
        ".git/d.py": POLICY.encode(),
        "env/pyvenv.cfg": b"",
        "env/lib/e.py": POLICY.encode(),
        "__pycache__/f.py": POLICY.encode(),
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.usefixtures("tree")
def test_a_folder_stands_for_the_policies_and_bpf_objects_below_it() -> None:
    found = find(["."])
    assert found.files == ["a.py", "deep/big.o", "deep/c.o", "deep/junk.o", "deep/er/b.py"]
    assert found.passed_over == ["deep/main.o", "deep/plain.py"]
    assert found.missed == {}


@pytest.mark.usefixtures("tree")
def test_a_file_that_is_named_is_taken_whatever_it_holds() -> None:
    named = ["deep/plain.py", "deep/main.o", "deep/README.md", "none.py"]
    found = find(named)
    assert (found.files, found.passed_over, found.missed) == (named, [], {})


@pytest.mark.usefixtures("tree")
def test_a_pattern_stands_for_what_it_matches() -> None:
    assert find(["deep/**/*.py"]).files == ["deep/er/b.py"]
    assert find(["deep/**/*.py"]).passed_over == ["deep/plain.py"]
    assert find(["[a-b].py"]).files == ["a.py"]
    assert find(["d*"]).files == ["deep/big.o", "deep/c.o", "deep/junk.o", "deep/er/b.py"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tree: Path) -> None:
    (tree / "[x].py").write_text(POLICY)
    assert find(["[x].py"]).files == ["[x].py"]


def test_each_file_is_taken_once(tree: Path) -> None:
    assert find(["deep/er/b.py", "a.py", "deep", str(tree / "a.py"), "./a.py"]).files == [
        "deep/er/b.py",
        "a.py",
        "deep/big.o",
        "deep/c.o",
        "deep/junk.o",
    ]


@pytest.mark.usefixtures("tree")
@pytest.mark.parametrize(
    ("argument", "why"),
    [
        ("none/**/*.py", "no file matches"),
        ("deep/*.md", "1 file there, none of them such"),
        ("env/lib/none*", "no file matches"),
    ],
)
def test_an_argument_that_gives_nothing_is_told_with_what_was_looked_for(argument: str, why: str) -> None:
    found = find([argument, "a.py"])
    (diagnostic,) = found.missed[argument].diagnostics
    assert (found.files, diagnostic.code) == (["a.py"], "SYR005")
    assert "@syrup.jit" in diagnostic.notes[0]
    assert diagnostic.notes[1].startswith(why)


def test_an_empty_folder_gives_nothing(folder: Path) -> None:
    (folder / "empty").mkdir()
    assert list(find(["empty"]).missed) == ["empty"]


def test_a_folder_that_cannot_be_listed_is_told(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    listing = os.scandir

    def refuse(path: str) -> object:
        if path.endswith("er"):
            raise PermissionError(13, "Permission denied", path)
        return listing(path)

    monkeypatch.setattr(os, "scandir", refuse)
    found = find(["deep"])
    assert list(found.missed) == ["deep/er"]
    assert found.missed["deep/er"].diagnostics[0].message == "cannot read `deep/er`: permission denied"
    assert "deep/c.o" in found.files
    assert tree.is_dir()


def test_a_pipe_in_a_folder_is_passed_over(tree: Path) -> None:
    os.mkfifo(tree / "pipe.py")
    assert "pipe.py" in find(["."]).passed_over


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("import syrup\n@syrup.jit\ndef f(): ...\n", True),
        ("import syrup as s\n@s.jit(hook='socket')\ndef f(): ...\n", True),
        ("from syrup import jit as policy\n@policy\ndef f(): ...\n", True),
        ("from syrup import *\n@jit\ndef f(): ...\n", True),
        ("import syrup\nif 1:\n    @syrup.jit\n    def f(): ...\n", True),
        ("import syrup\n@syrup.jit\ndef f(:\n", True),
        ("import syrup, numba\n@numba.jit\ndef f(): ...\n", False),
        ("from numba import jit\n@jit\ndef syrup(): ...\n", False),
        ("import syrup\nTEXT = '@syrup.jit'\n", False),
        ("import syrup\nprint(syrup.jit, '\\d')\n", False),
    ],
)
def test_a_policy_is_known_by_its_decorator(folder: Path, text: str, holds: bool) -> None:
    (folder / "some.py").write_text(text)
    assert find(["."]).files == (["some.py"] if holds else [])
