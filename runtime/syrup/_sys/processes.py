"""Who holds a socket, and how to borrow it: /proc and pidfd_getfd(2)."""

from __future__ import annotations

import errno
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from syrup._sys import bpf
from syrup._sys.fd import Fd

_PROC = Path("/proc")
_SHOWN = 60
_NR_PIDFD_GETFD = 438  # the same number on every architecture; since 5.6, 8649c322f75c


@dataclass(frozen=True, slots=True, order=True)
class Holder:
    """A descriptor of a process. The order is the executors' order: process start, pid, descriptor."""

    started: int
    """Clock ticks after boot: with the pid it names one process for ever."""
    pid: int
    fd: int


@dataclass(frozen=True, slots=True)
class Scan:
    """Who holds which socket (by inode), and the processes that could not be looked into."""

    holders: dict[int, tuple[Holder, ...]]
    closed_pids: tuple[int, ...]


class GoneError(ProcessLookupError):
    """The process has ended, or closed the descriptor, since it was seen."""


def scan(inodes: Collection[int]) -> Scan:
    """All descriptors of all visible processes that are one of these sockets, in the executors' order."""
    names = {f"socket:[{inode}]": inode for inode in inodes}
    found: dict[int, list[Holder]] = {}
    closed: list[int] = []
    for pid in sorted(_pids()):
        try:
            for fd, inode in _sockets(pid, names):
                found.setdefault(inode, []).append(Holder(start_time(pid), pid, fd))
        except PermissionError:
            closed.append(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue  # It has just ended: it holds nothing.
    return Scan({inode: tuple(sorted(holders)) for inode, holders in found.items()}, tuple(closed))


def borrow(holder: Holder) -> Fd:
    """A duplicate of the process's descriptor. Close it at once: while it is open, so is the socket.

    Raises `GoneError`; `PermissionError` without ptrace rights over the process; `OSError` ENOSYS before 5.6.
    """
    with _process(holder) as process:
        try:
            return Fd(bpf.syscall(_NR_PIDFD_GETFD, process.fileno(), holder.fd, 0))
        except OSError as error:
            if error.errno in (errno.EBADF, errno.ESRCH):
                raise GoneError(f"process {holder.pid} has closed descriptor {holder.fd}") from error
            raise


def start_time(pid: int) -> int:
    """When the process started, in clock ticks after boot. `FileNotFoundError` when it is gone."""
    # proc(5): field 22 of stat; the command in field 2 may hold spaces and ends with the last ')'
    return int((_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[19])


def command(pid: int) -> str:
    """The command line on one line, the short name for a process without one, `?` for one that is gone."""
    try:
        words = (_PROC / str(pid) / "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
        text = b" ".join(words) or (_PROC / str(pid) / "comm").read_bytes()
    except OSError:
        return "?"
    return "".join(c if c.isprintable() else "?" for c in text.decode(errors="replace").strip())


def shortened(command: str) -> str:
    """A command line as it stands in a sentence or a table: a whole script may be in it."""
    return command if len(command) <= _SHOWN else f"{command[: _SHOWN - 1]}…"


def network_namespace(pid: int | None = None) -> int:
    """The inode that names the network namespace of a process, by default of this thread."""
    place = "thread-self" if pid is None else str(pid)
    return os.stat(_PROC / place / "ns" / "net").st_ino


def in_other_namespaces(port: int, protocol: str) -> list[int]:
    """One process of each other network namespace where something has the port of `udp` or `tcp` open."""
    seen = {network_namespace()}
    found = []
    for pid in sorted(_pids()):
        try:
            namespace = network_namespace(pid)
            if namespace not in seen and port in _local_ports(pid, protocol):
                found.append(pid)
            seen.add(namespace)
        except OSError:
            continue  # It has ended, or is none of our business.
    return found


def _local_ports(pid: int, protocol: str) -> set[int]:
    files = [_PROC / str(pid) / "net" / f"{protocol}{suffix}" for suffix in ("", "6")]
    rows = [line.split() for file in files if file.exists() for line in file.read_text().splitlines()[1:]]
    return {int(row[1].rpartition(":")[2], 16) for row in rows}


def _process(holder: Holder) -> Fd:
    try:
        process = Fd(os.pidfd_open(holder.pid))
        # Asked after opening: from here on the pid cannot be another process's.
        if start_time(holder.pid) == holder.started:
            return process
    except (ProcessLookupError, FileNotFoundError):
        pass
    raise GoneError(f"process {holder.pid} has ended")


def _pids() -> Iterator[int]:
    return (int(name) for name in os.listdir(_PROC) if name.isdigit())


def _sockets(pid: int, names: dict[str, int]) -> Iterator[tuple[int, int]]:
    folder = f"/proc/{pid}/fd"
    for fd in os.listdir(folder):
        try:
            inode = names.get(os.readlink(f"{folder}/{fd}"))
        except FileNotFoundError:
            continue
        if inode is not None:
            yield int(fd), inode
