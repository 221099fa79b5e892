"""`import syrup` and `import syrupc` bring nothing heavy: what compiles or attaches is imported when it is used."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("numba", "llvmlite", "numpy", "pyroute2", "elftools", "click", "rich", "ctypes", "mmap", "asyncio")


def imported(statement: str) -> set[str]:
    """The heavy modules that are loaded after `statement`, in an interpreter of its own."""
    program = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()} & set(HEAVY)


@pytest.mark.parametrize(
    "statement",
    ["import syrup", "import syrupc", "import examples.scan_avoid", "import syrup; syrup.jit, syrup.attach"],
)
def test_a_policy_file_imports_nothing_heavy(statement: str) -> None:
    assert imported(f"sys.path.insert(0, '.')\n{statement}") == set()


def test_the_gate_needs_no_compiler() -> None:
    assert not imported("import syrupc.verifier, syrupc.objfile.reader") & {"numba", "llvmlite", "numpy"}


def test_the_command_line_loads_no_compiler_to_begin_with() -> None:
    assert not imported("import syrupc.cli") & {"numba", "llvmlite", "numpy", "pyroute2", "rich"}
