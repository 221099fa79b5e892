"""Reuse-port groups: the sockets among which the kernel spreads what arrives at one address and port."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from syrup._sys import diag, processes, sockets
from syrup._sys.diag import Listening
from syrup._sys.processes import Holder
from syrup.hooks import refusals
from syrup.hooks.protocols import NAMES
from syrupc.diagnostics import Diagnostic
from syrupc.errors import AttachError, LoadError


@dataclass(frozen=True, slots=True)
class Group:
    """What sockets must have in common for the kernel to choose between them."""

    namespace: int
    protocol: int
    family: int
    address: str
    port: int
    device: str
    uid: int
    v6_only: bool

    def receives(self, port: int, address: str | None) -> bool:
        """Whether it is at a port, and at an address if one is named."""
        return self.port == port and (address is None or _same(self.address, address))

    def __str__(self) -> str:
        place = f"[{self.address}]" if ":" in self.address else self.address
        device = f"%{self.device}" if self.device else ""
        return f"{NAMES[self.protocol]} {place}{device}:{self.port}"


@dataclass(frozen=True, slots=True)
class ExecutorSocket:
    """One executor: its index in the policy's decisions, and the socket that stands for it."""

    index: int
    cookie: int
    inode: int
    holder: Holder
    holders: int
    """How many processes have the socket open."""
    command: str


def groups_on(port: int, protocol: int, address: str | None) -> dict[Group, list[Listening]]:
    """The groups that receive what is sent to a port, by default at any address. Raises `AttachError` for none."""
    rows = listening(protocol)
    here = grouped(row for row in rows if row.port == port)
    found = {group: rows for group, rows in here.items() if address is None or _same(group.address, address)}
    if not found:
        raise AttachError(refusals.nobody(port, protocol, address, [str(group) for group in here], rows))
    return found


def grouped(rows: Iterable[Listening]) -> dict[Group, list[Listening]]:
    """Sockets of this thread's network namespace by group."""
    namespace = processes.network_namespace()
    found: dict[Group, list[Listening]] = {}
    for row in rows:
        group = Group(namespace, row.protocol, row.family, row.address, row.port, row.device, row.uid, row.v6_only)
        found.setdefault(group, []).append(row)
    return found


def executors_of(group: Group, rows: Sequence[Listening]) -> tuple[ExecutorSocket, ...]:
    """The group's sockets with who holds them, in index order: process start, pid, descriptor."""
    scan = processes.scan([row.inode for row in rows])
    unseen = sum(row.inode not in scan.holders for row in rows)
    if unseen:
        raise AttachError(refusals.unseen(str(group), group.uid, unseen, bool(scan.closed_pids)))
    ordered = sorted(rows, key=lambda row: scan.holders[row.inode][0])
    return tuple(_executor(index, row, scan.holders[row.inode]) for index, row in enumerate(ordered))


def executors_given(given: Sequence[int], protocol: int) -> tuple[Group, tuple[ExecutorSocket, ...]]:
    """The group of this process's own sockets, by descriptor; they are the executors in the order given."""
    for index, fd in enumerate(given):
        if not sockets.is_socket(fd) or sockets.protocol(fd) != protocol:
            raise AttachError(refusals.wrong_socket(index, protocol))
    cookies = [sockets.cookie(fd) for fd in given]
    rows = {row.cookie: row for row in listening(protocol)}
    for index, cookie in enumerate(cookies):
        if cookie not in rows:
            raise AttachError(refusals.unbound(index, protocol))
        if cookie in cookies[:index]:
            raise AttachError(Diagnostic("SYR712", f"sockets {cookies.index(cookie)} and {index} are the same"))
    found = grouped(rows[cookie] for cookie in cookies)
    if len(found) > 1:
        raise AttachError(refusals.several([str(group) for group in found]))
    executors = (_executor(i, rows[c], (_own(fd),)) for i, (c, fd) in enumerate(zip(cookies, given, strict=True)))
    return next(iter(found)), tuple(executors)


def members(group: Group) -> list[tuple[Listening, Holder]]:
    """Every way there is now to one of the group's sockets."""
    rows = grouped(row for row in listening(group.protocol) if row.port == group.port).get(group, [])
    scan = processes.scan([row.inode for row in rows])
    return [(row, holder) for row in rows for holder in scan.holders.get(row.inode, ())]


def listening(protocol: int) -> list[Listening]:
    try:
        return diag.listening(protocol)
    except diag.NoSocketDiagError as error:
        raise LoadError(refusals.no_diag(protocol)) from error


def _executor(index: int, row: Listening, holders: Sequence[Holder]) -> ExecutorSocket:
    first = holders[0]
    processes_with_it = len({holder.pid for holder in holders})
    return ExecutorSocket(index, row.cookie, row.inode, first, processes_with_it, processes.command(first.pid))


def _own(fd: int) -> Holder:
    return Holder(processes.start_time(os.getpid()), os.getpid(), fd)


def _same(one: str, other: str) -> bool:
    try:
        return ip_address(one) == ip_address(other.strip("[]"))
    except ValueError:
        return False
