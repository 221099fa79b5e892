"""Attach a policy: find the executors, load what decides, put it in place, or leave everything as it was."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path

from syrup import features, loader, pins, privileges, registry
from syrup._sys import objects, processes
from syrup.hooks import groups, refusals
from syrup.hooks import socket as socket_hook
from syrup.hooks.groups import ExecutorSocket, Group
from syrup.hooks.protocols import PROTOCOLS
from syrup.link import Link, Place, parts
from syrup.loader import Loaded
from syrup.maps import Maps, ids
from syrup.pins import Pin
from syrup.policy import Deployable
from syrup.registry import GroupRecord, Record
from syrupc.errors import AttachError
from syrupc.kernel.hooks import HOOKS

_Groups = Sequence[tuple[Group, tuple[ExecutorSocket, ...]]]


@dataclass(frozen=True, slots=True)
class Target:
    """Where to attach: a port (at one address, or all), or the descriptors of this process's own sockets."""

    port: int | None
    address: str | None
    sockets: tuple[int, ...] | None


def deploy(following: Deployable, hook: str, target: Target, pin: str | None, bpffs: str | os.PathLike[str]) -> Link:
    """Everything that can be known before is checked before. Raises `KernelError`; then nothing is attached."""
    privileges.require_bpf()
    where = _pin(pin, bpffs)
    found = _groups(target, PROTOCOLS[HOOKS[hook].input])
    features.require(hook)
    _require_free(found)
    return _attach(following, hook, found, where)


def _pin(name: str | None, bpffs: str | os.PathLike[str]) -> Pin | None:
    if name is None:
        return None
    pin = Pin(name, Path(bpffs))
    pins.check(pin)
    return pin


def _groups(target: Target, protocol: int) -> _Groups:
    if target.sockets is not None:
        return [groups.executors_given(target.sockets, protocol)]
    assert target.port is not None
    found = groups.groups_on(target.port, protocol, target.address)
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
            raise AttachError(refusals.occupied(str(group), by, other.pin))


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
        record = _record(following, hook, found, places, maps, pin)
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


def _record(
    following: Deployable, hook: str, found: _Groups, places: Sequence[Place], maps: Maps, pin: Pin | None
) -> Record:
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
        maps=ids(maps, following.spec.maps),
        cost=following.verified.verdict.cost_of(following.program.name),
    )
