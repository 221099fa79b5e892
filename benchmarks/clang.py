"""The policies in C, compiled: what the compiler's programs are held against."""

from __future__ import annotations

import enum
import shutil
import subprocess
import sys
from typing import Final

from benchmarks.measure import ROOT
from syrupc.objfile.model import Object
from syrupc.objfile.reader import read_object
from syrupc.spec import FIRST_EXECUTOR_SLOT, FaultKind, FaultSite, ProgramSpec

SOURCES: Final = ROOT / "benchmarks" / "c"
_NEWEST: Final = 30
_OLDEST: Final = 19
"""The first that emits what kernels take for -mcpu=v4 without options that only it has."""
_MAX_EXECUTORS: Final = 64


class Form(enum.Enum):
    """A way to compile the C sources: with which macros (see `policy.h`)."""

    COUNTING = ("STATISTICS",)
    BARE = ()
    GLOBALS = ("STATISTICS", "GLOBALS")


def find_clang() -> str | None:
    """The newest clang that will do."""
    names = (f"clang-{version}" for version in range(_NEWEST, _OLDEST - 1, -1))
    return next((found for name in names if (found := shutil.which(name))), None)


def compile_c(name: str, cpu: str, form: Form) -> Object:
    """The object of a policy in C, for a BPF cpu ("v3", "v4")."""
    clang = find_clang()
    if clang is None:
        sys.exit(f"clang {_OLDEST} or newer is missing; type: apt-get install clang-{_OLDEST}")
    command = [clang, "-O2", "-g", "-target", "bpf", f"-mcpu={cpu}", "-Wall", "-Wextra", "-Werror"]
    command += [*(f"-D{macro}" for macro in form.value), "-c", str(SOURCES / f"{name}.c"), "-o", "-"]
    return read_object(subprocess.run(command, check=True, capture_output=True).stdout)


def spec_of(name: str) -> ProgramSpec:
    """How to read the outcome of a policy in C: its faults are counted by their kind."""
    first = FIRST_EXECUTOR_SLOT + _MAX_EXECUTORS
    faults = tuple(FaultSite(first + number, kind, 1, 1) for number, kind in enumerate(FaultKind))
    return ProgramSpec(name, "socket", "executors", "counts", _MAX_EXECUTORS, True, faults)
