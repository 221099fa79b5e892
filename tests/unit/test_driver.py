"""What a compilation promises as a whole: the same bytes everywhere, and a verdict on what ships."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from syrupc.driver import compile_file, compile_source, emit_text
from syrupc.errors import InternalError, UsageError, VerificationError
from syrupc.frontend.source import PolicySource
from syrupc.kernel.profiles import NAMES
from syrupc.lower.emit import emit
from syrupc.options import Options

_EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("[!_]*.py"))
_HASH = """
import hashlib, sys
from pathlib import Path
from syrupc.driver import compile_file
from syrupc.options import Options
print(hashlib.sha256(compile_file(Path(sys.argv[1]), Options()).object.data).hexdigest())
"""


def _hash_of(path: Path, seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    command = [sys.executable, "-c", _HASH, str(path)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("kernel", NAMES)
@pytest.mark.parametrize("path", _EXAMPLES, ids=lambda p: p.stem)
def test_every_example_is_accepted_for_every_kernel(path: Path, kernel: str) -> None:
    assert compile_file(path, Options(kernel=kernel)).verdict.accepted


def test_same_source_gives_same_bytes_in_any_folder_and_with_any_hash_seed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "a folder" / _EXAMPLES[0].name
    elsewhere.parent.mkdir()
    shutil.copy(_EXAMPLES[0], elsewhere)
    assert _hash_of(_EXAMPLES[0], "1") == _hash_of(elsewhere, "2")


def test_other_source_gives_other_bytes() -> None:
    text = _EXAMPLES[0].read_text()
    first = compile_source(PolicySource("p.py", text), Options()).object.data
    second = compile_source(PolicySource("p.py", text + "\n# more\n"), Options()).object.data
    assert first != second


def test_object_says_what_it_is() -> None:
    spec = compile_file(_EXAMPLES[0], Options(max_executors=5)).object.spec
    assert spec is not None
    assert spec.source == _EXAMPLES[0].name
    assert spec.programs[0].max_executors == 5
    assert spec.programs[0].name == _EXAMPLES[0].stem


def test_instructions_stand_under_their_lines() -> None:
    path = next(p for p in _EXAMPLES if p.stem == "round_robin")
    (program,) = compile_file(path, Options()).object.programs
    lines = path.read_text().splitlines()
    assert {line.file for line in program.lines} == {"round_robin.py"}
    assert all(line.text.strip() == lines[line.line - 1].strip() for line in program.lines)
    assert any("fetch_add" in line.text for line in program.lines)


def test_texts_are_given_for_people() -> None:
    path = _EXAMPLES[0]
    assert f"{path.stem}:" in emit_text(path, Options(), "asm")
    assert "define" in emit_text(path, Options(), "llvm")
    assert "label 0" in emit_text(path, Options(), "numba")


def test_unknown_hook_is_a_wrong_argument() -> None:
    with pytest.raises(ValueError, match="'nowhere'"):
        Options(hook="nowhere")


def test_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="SYR001"):
        compile_file(tmp_path / "none.py", Options())


def test_what_crashes_llvm_is_an_error_here() -> None:
    text = """
target triple = "bpfel"
define double @f(double %x) section "sk_reuseport" {
  %y = fdiv double %x, 3.0
  ret double %y
}
"""
    with pytest.raises(InternalError, match="LLVM could not compile"):
        emit(text, "v3")


def test_policy_that_is_too_costly_is_told_so() -> None:
    text = """import syrup
from syrup import u64

table = syrup.Array(u64, 4)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    for i in range(2000000):
        if table[i % 4] == 3:
            return 1
    return 0
"""
    with pytest.raises(VerificationError) as caught:
        compile_source(PolicySource("p.py", text), Options())
    assert caught.value.diagnostics[0].span is not None
    assert caught.value.diagnostics[0].span.line in (9, 10)


def test_files_that_share_names_do_not_share_declarations() -> None:
    text = (
        "import syrup\nfrom syrup import {value}\n\ncells = syrup.Array({value}, 3)\n\n\n@syrup.jit\n"
        "def policy(pkt: syrup.Packet) -> syrup.Executor:\n    cells[0] = pkt.payload.u64(0)\n    return 1\n"
    )
    sizes = [
        compile_source(PolicySource("p.py", text.format(value=v)), Options()).object.maps[0] for v in ("i8", "u64")
    ]
    assert [each.value_size for each in sizes] == [3, 24]
