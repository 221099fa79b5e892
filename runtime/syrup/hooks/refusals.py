"""Why a policy cannot be attached to sockets, in a user's words."""

from __future__ import annotations

import os
import pwd
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from syrup._sys import diag, processes
from syrup._sys.capabilities import Capability, effective
from syrup._sys.diag import Listening
from syrup._sys.processes import Holder
from syrup.hooks.protocols import NAMES, OTHER, TCP
from syrupc.diagnostics import Diagnostic

_LISTED: Final = 8
_YAMA: Final = Path("/proc/sys/kernel/yama/ptrace_scope")
_BORROWING: Final = frozenset((Capability.CAP_SYS_PTRACE, Capability.CAP_DAC_READ_SEARCH))
"""What it takes to see another user's descriptors in /proc, and to borrow them."""


def nobody(
    port: int, protocol: int, address: str | None, groups: Sequence[str], rows: Sequence[Listening]
) -> Diagnostic:
    """No socket where the user said there is one: what there is instead."""
    name = NAMES[protocol]
    if groups:
        message = f"nobody listens at {address} on {name} port {port}"
        return Diagnostic("SYR701", message, notes=(f"on this port listen: {', '.join(groups)}",))
    return Diagnostic(
        "SYR701",
        f"nobody listens on {name} port {port}",
        notes=(*_on_other_protocol(port, protocol), *_elsewhere(port, protocol), _ports(name, rows)),
        help=("start the service first: its sockets are the executors",),
    )


def unseen(group: str, uid: int, count: int, closed: bool) -> Diagnostic:
    """Nobody has the socket open whom this process may look at."""
    if closed and not effective() >= _BORROWING:
        return foreign(group, uid) if uid != os.geteuid() else _stronger(f"the process behind {group}")
    return Diagnostic(
        "SYR704",
        f"the process behind {group} cannot be seen",
        notes=(f"{count} of its sockets are open in no process that /proc shows here",),
        help=("run in the process namespace of the service (`nsenter --pid --mount --target PID`)",),
    )


def foreign(group: str, uid: int) -> Diagnostic:
    """Sockets of another user, and no right to borrow them."""
    return Diagnostic(
        "SYR704",
        f"the sockets of {group} belong to user {user_name(uid)}, and this process runs as {user_name(os.geteuid())}",
        notes=("borrowing another user's sockets needs CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH",),
        help=("run as root or as that user, or let the application attach with `sockets=[...]`",),
    )


def not_borrowed(group: str, uid: int, pid: int, command: str) -> Diagnostic:
    """pidfd_getfd(2) was refused."""
    if uid != os.geteuid() and Capability.CAP_SYS_PTRACE not in effective():
        return foreign(group, uid)
    return _stronger(described(pid, command))


def _stronger(who: str) -> Diagnostic:
    """A process of the same user that is closed to this one all the same."""
    notes = ["it runs as another group, has capabilities that this process lacks, or has made itself undumpable"]
    if _YAMA.exists() and _YAMA.read_text().strip() != "0":
        notes.append("kernel.yama.ptrace_scope is set: without CAP_SYS_PTRACE only a parent looks into a process")
    return Diagnostic(
        "SYR704",
        f"this process may not borrow sockets from {who}",
        notes=tuple(notes),
        help=("give this process CAP_SYS_PTRACE, or let the application attach with `sockets=[...]`",),
    )


def no_reuse_port(group: str, pid: int, command: str, holders: int) -> Diagnostic:
    """A socket that is alone by construction."""
    if holders > 1:
        return shared(group, pid, command, holders)
    return Diagnostic(
        "SYR702",
        f"the socket of {group} was bound without SO_REUSEPORT",
        notes=(f"{described(pid, command)} has the only socket there can be: nothing is to be chosen",),
        help=(
            "let each worker make its own socket and set SO_REUSEPORT before `bind`",
            "with asyncio: `create_datagram_endpoint(..., reuse_port=True)`",
        ),
    )


def shared(group: str, pid: int, command: str, holders: int) -> Diagnostic:
    """One socket that several processes inherited."""
    return Diagnostic(
        "SYR703",
        f"{holders} processes share the one socket of {group}",
        notes=(f"the first is {described(pid, command)}; which of them takes a datagram is not the kernel's choice",),
        help=("let each worker make its own socket with SO_REUSEPORT after the fork",),
    )


def wrong_socket(index: int, protocol: int) -> Diagnostic:
    return Diagnostic("SYR712", f"sockets[{index}] is not a {NAMES[protocol]} socket over IP")


def unbound(index: int, protocol: int) -> Diagnostic:
    verb = "listen" if protocol == TCP else "bound"
    return Diagnostic(
        "SYR712",
        f"sockets[{index}] receives from nobody: it is not {verb}, or it is connected to one peer",
        help=("attach after `bind`, in the network namespace of the socket",),
    )


def several(groups: Sequence[str]) -> Diagnostic:
    return Diagnostic(
        "SYR712",
        f"the sockets belong to {len(groups)} groups, and a decision chooses within one",
        notes=(f"the groups: {', '.join(groups)}",),
        help=("attach to each group's sockets by themselves",),
    )


def too_many(group: str, count: int, room: int) -> Diagnostic:
    return Diagnostic(
        "SYR706",
        f"{group} has {count} sockets, and the policy was compiled for {room} executors",
        help=(f"compile it with max_executors={count} or more (`--max-executors {count}`)",),
    )


def changed(group: str) -> Diagnostic:
    return Diagnostic(
        "SYR711",
        f"the sockets of {group} changed while the policy was being attached",
        notes=("a worker ended, or opened its socket anew",),
        help=("try again",),
    )


def occupied(group: str, by: str, pin: str | None = None) -> Diagnostic:
    way = "detach that one first, or use `replace` on its link"
    if pin is not None:
        way = f"`syrup detach {pin}` first, or replace it: `syrup attach --pin {pin} --replace`"
    return Diagnostic("SYR705", f"{group} already has a policy", notes=(by,), help=(way,))


def no_diag(protocol: int) -> Diagnostic:
    return Diagnostic(
        "SYR602",
        f"this kernel does not list its {NAMES[protocol]} sockets (sock_diag)",
        help=(f"load the module: `modprobe {NAMES[protocol].lower()}_diag inet_diag`",),
    )


def described(pid: int, command: str) -> str:
    return f"process {pid} ({processes.shortened(command)})"


def user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"number {uid}"


def _on_other_protocol(port: int, protocol: int) -> Iterable[str]:
    other = OTHER[protocol]
    try:
        rows = [row for row in diag.listening(other) if row.port == port]
    except diag.NoSocketDiagError:
        return
    if rows:
        asks = "datagrams" if other == TCP else "connections"
        who = _holder(rows, processes.scan([row.inode for row in rows]).holders)
        yield f"{who} listens on {NAMES[other]} port {port}, and this policy decides about {asks}"


def _elsewhere(port: int, protocol: int) -> Iterable[str]:
    for pid in processes.in_other_namespaces(port, NAMES[protocol].lower()):
        yield (
            f"{described(pid, processes.command(pid))} sees such a socket in another network namespace:"
            f" `nsenter --net=/proc/{pid}/ns/net syrup attach ...`"
        )


def _ports(name: str, rows: Sequence[Listening]) -> str:
    ports = sorted({row.port for row in rows})
    if not ports:
        return f"no {name} port has a listener in this network namespace"
    shown = [[row for row in rows if row.port == port] for port in ports[:_LISTED]]
    holders = processes.scan([row.inode for each in shown for row in each]).holders
    listed = ", ".join(f"{each[0].port} ({_holder(each, holders)})" for each in shown)
    more = f" and {len(ports) - _LISTED} more" if len(ports) > _LISTED else ""
    return f"{name} ports with a listener: {listed}{more}"


def _holder(rows: Sequence[Listening], holders: Mapping[int, Sequence[Holder]]) -> str:
    """The command behind some sockets, or their owner where that is all there is to be seen."""
    found = [holder for row in rows for holder in holders.get(row.inode, ())]
    if not found:
        return f"user {user_name(rows[0].uid)}"
    first = min(found)
    return f"pid {first.pid} {processes.shortened(processes.command(first.pid))}"
