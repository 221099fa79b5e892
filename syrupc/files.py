"""What the commands read and write: input files with every way they can be wrong, output files whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from syrupc.diagnostics import Diagnostic, Span
from syrupc.errors import UsageError
from syrupc.frontend.source import PolicySource

ELF_MAGIC: Final = b"\x7fELF"

MAX_BYTES: Final = 16 << 20
"""Larger inputs are refused: no policy and no object is anywhere near."""


def read_bytes(path: str) -> bytes:
    """The content of a file; raises `UsageError` SYR001."""
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise UsageError(Diagnostic("SYR001", f"cannot read `{path}`: {reason(error)}")) from None
    if len(content) > MAX_BYTES:
        raise UsageError(Diagnostic("SYR001", f"cannot read `{path}`: it is larger than {MAX_BYTES >> 20} MiB"))
    return content


def decode_policy(content: bytes, path: str) -> str:
    """The text of a policy file, which is UTF-8 (a byte order mark is allowed); raises `UsageError` SYR001."""
    if content.startswith(ELF_MAGIC):
        message = f"cannot read `{path}` as a policy: it is an object, or another ELF file"
        raise UsageError(Diagnostic("SYR001", message, help=("name the Python file that it was compiled from",)))
    return _decoded(content, path)


def read_source(path: str) -> PolicySource:
    """A policy file. Raises `UsageError` SYR001 if it cannot be read as one."""
    return PolicySource(path, decode_policy(read_bytes(path), path))


def read_text(path: str) -> str:
    """A text file, which is UTF-8. Raises `UsageError` SYR001 if it cannot be read as one."""
    return _decoded(read_bytes(path), path)


def write_whole(path: str, content: bytes) -> None:
    """Write a file so that it is either all there or as it was before; raises `UsageError` SYR002.

    The content goes to a new file beside it, which then takes its name. What is not a plain file (a pipe, a terminal)
    is written to as it is.
    """
    target = Path(os.path.realpath(path))  # a link stays a link, as with any other tool
    try:
        if target.exists() and not target.is_file() and not target.is_dir():
            target.write_bytes(content)
        else:
            _replace(target, content)
    except (OSError, ValueError) as error:
        raise UsageError(Diagnostic("SYR002", f"cannot write `{path}`: {reason(error)}")) from None


def reason(error: OSError | ValueError) -> str:
    """Why, in the words of the system, as the end of a sentence."""
    match error:
        case FileNotFoundError():
            return "there is no such file or directory"
        case IsADirectoryError():
            return "it is a directory"
        case PermissionError():
            return "permission denied"
        case OSError(strerror=str(words)):
            return words[:1].lower() + words[1:]
    return str(error)


def _decoded(content: bytes, path: str) -> str:
    """Text that is UTF-8, with or without a byte order mark."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode()
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise UsageError(
            Diagnostic(
                "SYR001",
                f"cannot read `{path}`: byte {error.object[error.start]:#04x} is not UTF-8",
                Span(path, line, column),
                help=("save the file as UTF-8",),
            )
        ) from None


def _replace(target: Path, content: bytes) -> None:
    if target.is_dir():
        raise IsADirectoryError(None, "it is a directory")
    temporary = target.with_name(f".{target.name[:200]}.{os.urandom(4).hex()}")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666), "wb") as file:
            file.write(content)
        if target.exists():
            temporary.chmod(target.stat().st_mode & 0o777)
        temporary.replace(target)
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise
