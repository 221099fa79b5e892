"""A fault of this project as a user sees it: where it happened and how to report it, never a traceback."""

from __future__ import annotations

import platform
import traceback
from pathlib import Path

from syrupc.diagnostics import Diagnostic
from syrupc.errors import InternalError

_ROOT = Path(__file__).parent


def internal_error(error: BaseException, doing: str) -> InternalError:
    """`error`, which nobody expected, as an `InternalError`; `doing` says what the command was about to do."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(_ROOT)]
    stage = Path(ours[-1].filename).relative_to(_ROOT).with_suffix("").as_posix() if ours else "the command line"
    diagnostic = Diagnostic(
        "SYR901",
        f"{doing} failed in {stage}: {_describe(error)}",
        notes=("this is a fault of syrupc, not of the policy; nothing was written",),
        help=("report it with the policy and what the same command says with `-v`",),
        details=(
            f"syrupc {version()}, Python {platform.python_version()}, {platform.machine()}",
            *(f"{_place(frame.filename)}:{frame.lineno} in {frame.name}" for frame in frames[-30:]),
        ),
    )
    return InternalError(diagnostic)


def version() -> str:
    """The version of the installed distribution."""
    from importlib import metadata  # slow to import, and a run that succeeds never asks

    try:
        return metadata.version("syrupc")
    except metadata.PackageNotFoundError:  # a source tree on the path
        return "(not installed)"


def _describe(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}{': ' if text else ''}{text[:300]}"


def _place(filename: str) -> str:
    """A file as a report should name it: without the folders of this machine."""
    path = Path(filename)
    if path.is_relative_to(_ROOT):
        return path.relative_to(_ROOT.parent).as_posix()
    return "/".join(path.parts[-2:])
