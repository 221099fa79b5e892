"""The standard streams of a command, whatever its caller left of them: closed, full, or read by nobody."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import click

from syrupc.diagnostics import Diagnostic
from syrupc.errors import UsageError
from syrupc.files import reason


def prepare() -> None:
    """Make the streams what a command can rely on: they exist, and take any text."""
    # Python has None for a stream that was closed. What is said there may be lost, but a result must not be: writing
    # it fails, as it does for any other command.
    sys.stderr = sys.stderr or os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    sys.stdout = sys.stdout or os.fdopen(os.open(os.devnull, os.O_RDONLY), "w")
    for stream in (sys.stdout, sys.stderr):
        # What the terminal cannot show must not end the command.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


@contextmanager
def output() -> Iterator[TextIO]:
    """Standard output, to write to. Raises `UsageError` SYR002; `BrokenPipeError` where nobody reads on."""
    try:
        yield sys.stdout
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise lost(error) from None


def lost(error: OSError) -> UsageError:
    """What could not be written, as an error. Nothing is written to standard output any more."""
    abandon(sys.stdout)
    return UsageError(Diagnostic("SYR002", f"cannot write to standard output: {reason(error)}"))


def is_of_output(error: OSError) -> bool:
    """Whether it is the system's refusal of what click writes itself: help and version."""
    frames = traceback.extract_tb(error.__traceback__)
    return Path(frames[-1].filename).is_relative_to(Path(click.__file__).parent)


def abandon(stream: TextIO) -> None:
    """Let go of a stream: what is buffered must not raise once more when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def misused(error: click.ClickException) -> None:
    """Tell on standard error what is wrong with a command line, if anything can be told there."""
    try:
        error.show()
        sys.stderr.flush()
    except OSError:
        abandon(sys.stderr)


def say(text: str) -> None:
    """Tell on standard error what ended the command, if anything can be told there."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        abandon(sys.stderr)
