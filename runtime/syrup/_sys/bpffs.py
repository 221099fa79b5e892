"""Where bpf file systems are mounted."""

from __future__ import annotations

from pathlib import Path

_MOUNTS = Path("/proc/thread-self/mountinfo")


def is_bpffs(path: Path) -> bool:
    """Whether a path lies in a bpf file system."""
    return _file_system(path.resolve(), _MOUNTS.read_text()) == "bpf"


def _file_system(path: Path, mounts: str) -> str:
    """The type of the file system that a path lies in; of two on one place the later covers the earlier."""
    best, kind = -1, ""
    for line in mounts.splitlines():
        place, rest = line.split(" ")[4], line.partition(" - ")[2]
        mount = Path(_unescaped(place))
        if path.is_relative_to(mount) and len(mount.parts) >= best:
            best, kind = len(mount.parts), rest.split(" ")[0]
    return kind


def _unescaped(text: str) -> str:
    """proc(5) writes space, tab, newline and backslash in octal."""
    for octal, character in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(octal, character)
    return text
