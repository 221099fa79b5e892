"""Which files a command is about: those that are named, and those found in folders and by patterns."""

from __future__ import annotations

import ast
import glob
import os
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from syrupc.diagnostics import Diagnostic
from syrupc.errors import UsageError
from syrupc.files import ELF_MAGIC, MAX_BYTES, reason
from syrupc.frontend.marks import marks

LOOKED_FOR: Final = "`*.o` that are BPF objects, and `*.py` with a function under `@syrup.jit`"

_WILDCARDS: Final = frozenset("*?[")
_ENVIRONMENT: Final = "pyvenv.cfg"
_HEADER_BYTES: Final = 20
_BIG_ENDIAN: Final = 2
_EM_NONE, _EM_BPF = 0, 247


@dataclass
class Inputs:
    """The files in the order of the command line, each once, and in folders and patterns by name.

    `passed_over` are files that were found, not named, and hold nothing to verify. `missed` says of each argument that
    gave nothing why.
    """

    files: list[str] = field(default_factory=list)
    passed_over: list[str] = field(default_factory=list)
    missed: dict[str, UsageError] = field(default_factory=dict)


def find(arguments: Sequence[str]) -> Inputs:
    """What the arguments name: a file (also one that is not there: reading it will tell), a folder, or a pattern."""
    found = Inputs()
    seen: set[str] = set()
    for argument in arguments:
        if _names_a_file(argument):
            _take(found.files, argument, seen)
            continue
        inside = _inside if os.path.isdir(argument) else _matching
        candidates = list(inside(argument, found.missed))
        fitting = [path for path in candidates if _fits(path)]
        for path in fitting:
            _take(found.files, path, seen)
        for path in candidates:
            _take(found.passed_over, path, seen)
        if not fitting and argument not in found.missed:
            found.missed[argument] = _nothing(argument, len(candidates))
    return found


def _names_a_file(argument: str) -> bool:
    if os.path.lexists(argument):
        return not os.path.isdir(argument)
    return _WILDCARDS.isdisjoint(argument)


def _take(files: list[str], path: str, seen: set[str]) -> None:
    place = os.path.abspath(path)
    if place not in seen:
        seen.add(place)
        files.append(path)


def _inside(folder: str, missed: dict[str, UsageError]) -> Iterator[str]:
    """All files below a folder that may be objects or policies, without hidden folders and virtual environments."""

    def unlisted(error: OSError) -> None:
        missed[error.filename] = UsageError(Diagnostic("SYR001", f"cannot read `{error.filename}`: {reason(error)}"))

    for place, folders, files in os.walk(folder, onerror=unlisted):
        kept = [each for each in folders if not each.startswith((".", "__pycache__"))]
        folders[:] = sorted(each for each in kept if not os.path.exists(os.path.join(place, each, _ENVIRONMENT)))
        yield from (
            os.path.normpath(os.path.join(place, name)) for name in sorted(files) if name.endswith((".o", ".py"))
        )


def _matching(pattern: str, missed: dict[str, UsageError]) -> Iterator[str]:
    """All files that a pattern names, `**` being any number of folders; of folders that it names, what is inside."""
    for path in sorted(glob.glob(pattern, recursive=True)):
        if os.path.isdir(path):
            yield from _inside(path, missed)
        else:
            yield os.path.normpath(path)


def _fits(path: str) -> bool:
    """Whether there is something to verify. What cannot be read is for the reader to tell."""
    if os.path.exists(path) and not os.path.isfile(path):  # a pipe would make us wait
        return False
    try:
        with open(path, "rb") as file:
            if path.endswith(".py"):
                return _holds_policies(file.read(MAX_BYTES + 1))
            return path.endswith(".o") and _may_be_bpf(file.read(_HEADER_BYTES))
    except OSError:
        return path.endswith((".o", ".py"))


def _may_be_bpf(header: bytes) -> bool:
    """`False` for an object of another machine. What is no object at all may be a damaged one."""
    if len(header) < _HEADER_BYTES or not header.startswith(ELF_MAGIC):
        return True
    machine = int.from_bytes(header[18:20], "big" if header[5] == _BIG_ENDIAN else "little")
    return machine in (_EM_NONE, _EM_BPF)


def _holds_policies(content: bytes) -> bool:
    """Whether a Python file marks a function with `syrup.jit`; where that cannot be told, the compiler shall say."""
    if b"syrup" not in content or b"jit" not in content:
        return False
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return True
    return any(marks(tree))


def _nothing(argument: str, passed_over: int) -> UsageError:
    what = "files" if passed_over != 1 else "file"
    found = f"{passed_over} {what} there, none of them such" if passed_over else "there are none"
    if not os.path.isdir(argument) and not passed_over:
        found = f"no file matches, seen from `{Path.cwd()}`"
    return UsageError(
        Diagnostic(
            "SYR005",
            f"nothing to verify in `{argument}`",
            notes=(f"looked for {LOOKED_FOR}", found),
            help=("name a file, a folder, or a pattern in quotes: `'policies/**/*.py'`",),
        )
    )
