"""Attach a policy: find the executors, load what decides, put it in place, or leave everything as it was."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import Any, Protocol

from syrup import features, loader, pins, privileges, registry
from syrup._sys import objects, processes
from syrup.hooks import groups, refusals
from syrup.hooks import socket as socket_hook
from syrup.hooks.groups import ExecutorSocket, Group
from syrup.hooks.protocols import PROTOCOLS
from syrup.link import Link, Place, parts
from syrup.loader import Loaded
from syrup.maps import Maps
from syrup.pins import DEFAULT_BPFFS, Pin
from syrup.policy import Deployable, deployable
from syrup.registry import GroupRecord, Record
from syrupc.diagnostics import Diagnostic
from syrupc.errors import AttachError, UsageError
from syrupc.kernel.hooks import HOOKS


class HasDescriptor(Protocol):
    """A socket, or anything else with a file descriptor."""

    def fileno(self) -> int: ...


def attach(
    policy: Any,
    *,
    hook: str = "socket",
    port: int | None = None,
    address: str | None = None,
    sockets: Sequence[HasDescriptor | int] | None = None,
    name: str | None = None,
    max_executors: int | None = None,
    pin: str | None = None,
    bpffs: str | os.PathLike[str] = DEFAULT_BPFFS,
) -> Link:
    """Let a policy choose among sockets: those that listen on a port, or the given ones in the given order.

    `policy` is a decorated function, a path, a `Loaded` or a `VerifiedObject`; `name` chooses among several in one. A
    port may have several groups of sockets (one for each address): the policy decides in each, `address` names one.
    With `pin` the policy stays when the link is closed, under that name in a bpf file system.

    Raises `CompileError` and `VerificationError` for the policy, `KernelError` with the reason where the system is not
    as it must be. Then nothing is attached.
    """
    _check_arguments(hook, port, sockets)
    following = deployable(policy, hook, name=name, max_executors=max_executors)
    privileges.require_bpf()
    where = pins_at(pin, bpffs)
    found = _groups(hook, port, address, sockets)
    features.require(hook)
    _require_free(found)
    return _attach(following, hook, found, where)


def pins_at(name: str | None, bpffs: str | os.PathLike[str]) -> Pin | None:
    """Where the link shall be pinned, if at all; raises `AttachError` where it cannot be."""
    if name is None:
        return None
    pin = Pin(name, Path(bpffs))
    pins.check(pin)
    return pin


_Groups = Sequence[tuple[Group, tuple[ExecutorSocket, ...]]]


def _check_arguments(hook: str, port: int | None, sockets: Sequence[object] | None) -> None:
    if hook not in HOOKS:
        known = ", ".join(f"`{name}`" for name in HOOKS)
        raise UsageError(Diagnostic("SYR003", f"there is no hook `{hook}`", notes=(f"there are: {known}",)))
    if (port is None) == (sockets is None):
        raise TypeError("either `port` or `sockets` says where to attach")
    if port is not None and not 0 < port < 65536:
        raise UsageError(Diagnostic("SYR003", f"{port} is not a port", notes=("ports are 1 to 65535",)))
    if sockets is not None and not sockets:
        raise ValueError("`sockets` is empty")


def _groups(hook: str, port: int | None, address: str | None, sockets: Sequence[HasDescriptor | int] | None) -> _Groups:
    protocol = PROTOCOLS[HOOKS[hook].input]
    if sockets is not None:
        return [groups.executors_given([s if isinstance(s, int) else s.fileno() for s in sockets], protocol)]
    assert port is not None
    found = groups.groups_on(port, protocol, address)
    return [_with_executors(group, groups.executors_of(group, rows)) for group, rows in found.items()]


def _with_executors(group: Group, executors: tuple[ExecutorSocket, ...]) -> tuple[Group, tuple[ExecutorSocket, ...]]:
    first = executors[0]
    if len(executors) == 1 and first.holders > 1:
        raise AttachError(refusals.shared(str(group), first.holder.pid, first.command, first.holders))
    return group, executors


def _require_free(found: _Groups) -> None:
    for group, executors in found:
        other = registry.holder_of(frozenset(executor.cookie for executor in executors))
        if other is not None:
            by = f"`{other.program}`, attached by {other.attacher}"
            raise AttachError(refusals.occupied(str(group), by))


def _attach(following: Deployable, hook: str, found: _Groups, pin: Pin | None) -> Link:
    with ExitStack() as undo:
        places: list[Place] = []
        maps = Maps(following.maps.values())
        for group, executors in found:
            with _loaded(following, maps, first=not places) as loaded:
                place = _place(following, loaded, group, executors)
                undo.callback(place.attachment.detach)
                places.append(place)
                maps = loaded.maps
        record = _record(following, hook, found, places, pin)
        published = registry.write(record)
        if pin is not None:
            pins.create(pin, parts(published, places, maps))
        undo.pop_all()
    following.use(maps)
    return Link(places, maps, record, published, pin)


def _loaded(following: Deployable, maps: Maps, *, first: bool) -> AbstractContextManager[Loaded]:
    """The program for one group: each has executors and counters of its own, and all share the declared maps."""
    if first and following.loaded is not None:
        return nullcontext(following.loaded)
    return loader.load(following.verified, maps=maps, only=(following.program.name,))


def _place(following: Deployable, loaded: Loaded, group: Group, executors: Sequence[ExecutorSocket]) -> Place:
    program = following.program
    attachment = socket_hook.attach(
        group, executors, loaded.descriptors[program.executors], loaded.programs[program.name]
    )
    return Place(attachment, loaded.descriptors[program.counters])


def _record(following: Deployable, hook: str, found: _Groups, places: Sequence[Place], pin: Pin | None) -> Record:
    pid = os.getpid()
    return Record(
        program=following.program.name,
        hook=hook,
        spec=following.spec,
        waiver=following.verified.waiver,
        pid=pid,
        command=processes.command(pid),
        since=time.time(),
        pin=pin.name if pin else None,
        groups=tuple(
            GroupRecord(group, executors, place.attachment.stub, objects.map_info(place.counters.fileno()).id)
            for (group, executors), place in zip(found, places, strict=True)
        ),
    )
