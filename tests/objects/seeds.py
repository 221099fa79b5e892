"""The objects that are damaged: those of our compiler, of clang where there is one, and handmade ones."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from benchmarks.clang import SOURCES, find_clang
from syrupc.driver import compile_file
from syrupc.kernel.profiles import NAMES
from syrupc.options import Options
from tests.unit.objfile.llvm import assemble

ROOT = Path(__file__).parents[2]
POLICIES = (*sorted((ROOT / "examples").glob("*.py")), *sorted((ROOT / "tests" / "policies").glob("*.py")))
_LARGE = 1 << 15
"""Objects beyond this many bytes cost more than they teach."""


def build() -> list[bytes]:
    """All of them, in the same order on the same machine. Brings LLVM and Numba into the process."""
    return [data for data in (*_ours(), *_of_clang(), assemble()) if len(data) < _LARGE]


def _ours() -> Iterator[bytes]:
    newest = replace(Options(), kernel=NAMES[-1])
    yield from (compile_file(path, newest).object.data for path in POLICIES)


def _of_clang() -> Iterator[bytes]:
    clang = find_clang()
    if clang is None:
        return
    for source in sorted(SOURCES.glob("*.c")):
        command = [clang, "-O2", "-g", "-target", "bpf", "-mcpu=v3", "-DSTATISTICS", "-c", str(source), "-o", "-"]
        yield subprocess.run(command, check=True, capture_output=True).stdout
