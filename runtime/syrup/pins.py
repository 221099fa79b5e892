"""Links that outlive their process: their maps under a name in a bpf file system.

A pin NAME is a folder (0700) `syrup/NAME` with `link` (the record), for each group `slot_N`, `executors_N` and
`counters_N`, and each declared map as `map_` and its name. While `slot_N` is there, the policy decides.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from syrup._sys import objects
from syrup._sys.bpffs import is_bpffs
from syrup._sys.fd import Fd
from syrupc.diagnostics import Diagnostic
from syrupc.errors import AttachError

DEFAULT_BPFFS: Final = Path("/sys/fs/bpf")
_FOLDER: Final = "syrup"
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")  # bpffs keeps names with a dot for itself


@dataclass(frozen=True, slots=True)
class Pin:
    """A name in a bpf file system."""

    name: str
    bpffs: Path = DEFAULT_BPFFS

    @property
    def folder(self) -> Path:
        return self.bpffs / _FOLDER / self.name

    @property
    def nameable(self) -> bool:
        """Whether something can have the name. `..` would be a folder too, and not one of ours."""
        return _NAME.fullmatch(self.name) is not None


def check(pin: Pin) -> None:
    """Raises `AttachError` unless a link could be pinned under the name."""
    if not pin.nameable:
        raise AttachError(
            Diagnostic(
                "SYR707",
                f"{pin.name!r} cannot be the name of a pin",
                help=("use up to 64 letters, digits, `_` and `-`",),
            )
        )
    require_bpffs(pin.bpffs)
    if exists(pin):
        raise AttachError(_taken(pin))


def exists(pin: Pin) -> bool:
    """Whether something is pinned under the name. Raises `AttachError` where this process may not look."""
    with _explained(pin):
        return pin.nameable and pin.folder.is_dir()


def require_bpffs(place: Path) -> None:
    """Raises `AttachError` unless a bpf file system is mounted there."""
    if not is_bpffs(place):
        raise AttachError(
            Diagnostic(
                "SYR708",
                f"no bpf file system is mounted at {place}",
                notes=("pins live there; everything else works without one",),
                help=(f"mount one: `mount -t bpf bpf {place}`",),
            )
        )


def create(pin: Pin, parts: Mapping[str, Fd]) -> None:
    """Pin everything, or nothing."""
    check(pin)
    with _explained(pin):
        pin.folder.parent.mkdir(mode=0o700, exist_ok=True)
        pin.folder.mkdir(mode=0o700)
        try:
            for name, fd in parts.items():
                objects.pin(fd.fileno(), pin.folder / name)
        except BaseException:
            remove(pin)
            raise


def exchange(pin: Pin, parts: Mapping[str, Fd]) -> None:
    """Put new objects in the places of old ones, each in one step; what is not named any more goes."""
    for name, fd in parts.items():
        following = pin.folder / f"next_{name}"
        following.unlink(missing_ok=True)
        objects.pin(fd.fileno(), following)
        os.rename(following, pin.folder / name)
    for path in pin.folder.iterdir():
        if path.name not in parts:
            path.unlink()


def open_part(pin: Pin, name: str) -> Fd:
    """A pinned object. Raises `AttachError` where there is none."""
    require_bpffs(pin.bpffs)
    if not exists(pin):
        raise AttachError(_unknown(pin))
    with _explained(pin):
        found = objects.pinned(pin.folder / name)
    if found is None:
        raise AttachError(_damaged(pin, name))
    return found


def remove(pin: Pin) -> None:
    """Take the name away; a link that nobody else holds ends with it."""
    if not exists(pin):
        raise AttachError(_unknown(pin))
    for path in pin.folder.iterdir():
        path.unlink()
    pin.folder.rmdir()


def names(bpffs: Path = DEFAULT_BPFFS) -> Iterator[Pin]:
    """All pins there, none where no bpf file system is mounted."""
    folder = bpffs / _FOLDER
    if is_bpffs(bpffs) and folder.is_dir():
        yield from (Pin(path.name, bpffs) for path in sorted(folder.iterdir()) if path.is_dir())


@contextmanager
def _explained(pin: Pin) -> Iterator[None]:
    """What the file system refuses, in a user's words."""
    try:
        yield
    except PermissionError as error:
        raise AttachError(_denied(pin)) from error
    except FileExistsError as error:
        raise AttachError(_taken(pin)) from error


def _taken(pin: Pin) -> Diagnostic:
    return Diagnostic(
        "SYR707",
        f"the pin name `{pin.name}` is taken",
        help=(f"`syrup detach {pin.name}` first, or replace its policy: `syrup attach --replace`",),
    )


def _denied(pin: Pin) -> Diagnostic:
    return Diagnostic(
        "SYR707",
        f"this process may not look at pins under {pin.bpffs}",
        notes=("a bpf file system belongs to root, and so does every pin that root made",),
        help=("run as root",),
    )


def _unknown(pin: Pin) -> Diagnostic:
    known = ", ".join(f"`{each.name}`" for each in names(pin.bpffs)) or "none"
    return Diagnostic("SYR707", f"there is no pin `{pin.name}` under {pin.bpffs}", notes=(f"there are: {known}",))


def foreign(pin: Pin) -> Diagnostic:
    return Diagnostic(
        "SYR707",
        f"the pin `{pin.name}` was written by another version of this program",
        help=(f"take it away: `syrup detach {pin.name}`",),
    )


def elsewhere(pin: Pin, places: str) -> Diagnostic:
    return Diagnostic(
        "SYR707",
        f"the policy pinned as `{pin.name}` decides somewhere else",
        notes=(f"it decides on {places}",),
        help=(f"`syrup detach {pin.name}` first, or choose another name",),
    )


def _damaged(pin: Pin, name: str) -> Diagnostic:
    return Diagnostic(
        "SYR707",
        f"the pin `{pin.name}` is incomplete: it has no `{name}`",
        help=(f"take it away: `syrup detach {pin.name}`",),
    )
