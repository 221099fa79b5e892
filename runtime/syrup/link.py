"""A policy in place: what it decided, its maps, the next version, and the way back to the default."""

from __future__ import annotations

import os
import time
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from syrup import allocate, loader, pins, privileges, registry, stats
from syrup._sys import objects, programs
from syrup._sys.fd import Fd
from syrup.hooks.groups import ExecutorSocket, Group
from syrup.hooks.socket import SocketAttachment
from syrup.loader import Loaded
from syrup.maps import Maps, descriptor, end_iterations, ids, live
from syrup.pins import Pin
from syrup.policy import Attachable, Deployable, deployable
from syrup.registry import GroupRecord, Record
from syrup.stats import Stats
from syrupc.errors import AttachError
from syrupc.lang.maps import Map
from syrupc.spec import MapSpec


@dataclass(frozen=True, slots=True)
class Place:
    """A group that the policy decides in, and the counters of its decisions there."""

    attachment: SocketAttachment
    counters: Fd


def parts(published: Fd, places: Sequence[Place], maps: Maps) -> dict[str, Fd]:
    """Everything that a pin keeps of a link, by its name there; the record last, as it speaks of the others."""
    kept: dict[str, Fd] = {}
    for index, place in enumerate(places):
        kept[f"slot_{index}"] = place.attachment.slot
        kept[f"executors_{index}"] = place.attachment.executor_map
        kept[f"counters_{index}"] = place.counters
    return kept | {f"map_{name}": descriptor(each) for name, each in maps.items()} | {"link": published}


class Link:
    """An attached policy. Closing it detaches, unless it is pinned; the end of the process does the same."""

    def __init__(
        self, places: Sequence[Place], maps: Maps, record: Record, published: Fd, pin: Pin | None = None
    ) -> None:
        self._places = tuple(places)
        self._maps = maps
        self._record = record
        self._published = published
        self._pin = pin
        self._owner = os.getpid()
        self._closed = False

    @property
    def policy(self) -> str:
        """The policy's name."""
        return self._record.program

    @property
    def executors(self) -> tuple[ExecutorSocket, ...]:
        """The sockets that take part, in the order of their indexes; for several groups one after the other."""
        return tuple(executor for group in self._record.groups for executor in group.executors)

    @property
    def groups(self) -> tuple[Group, ...]:
        return tuple(group.group for group in self._record.groups)

    @property
    def record(self) -> Record:
        """What other processes can know of this link."""
        return self._record

    @property
    def maps(self) -> Maps:
        """The policy's live maps."""
        return self._maps

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def active(self) -> bool | None:
        """Whether the policy still decides in every group: a group ends with its last socket, and anyone may attach
        another program to it. `None` where this process may not ask (CAP_SYS_ADMIN)."""
        if self._closed:
            return False
        answers = {place.attachment.in_place() for place in self._places}
        return None if None in answers else all(answers)

    def stats(self) -> Stats:
        """The decisions since the policy came into place."""
        self._require_open()
        places = [(place.counters, len(place.attachment.executors)) for place in self._places]
        return stats.read(self._record.program_spec, self._record.spec.source, places)

    def ns_per_decision(self, seconds: float = 1.0) -> float | None:
        """The kernel's time for a decision: the mean over a sample of so many seconds, `None` where none was made.

        It includes what the kernel needs to measure it (tens of ns); meanwhile every BPF program of the host is
        measured, and slower by about 50 ns. Needs CAP_SYS_ADMIN.
        """
        self._require_open()
        privileges.require_measuring()
        with programs.enable_run_time_stats():
            time_before, runs_before = self._run_times()
            time.sleep(seconds)
            time_after, runs_after = self._run_times()
        runs = runs_after - runs_before
        return (time_after - time_before) / runs if runs else None

    def replace(self, policy: Attachable) -> None:
        """Let another policy decide from the next datagram on.

        Executors and the maps whose declaration is the same in both stay as they are; the statistics start anew.
        Where the new policy does not compile, verify or load, the error is raised and the old one goes on.
        """
        self._require_open()
        following = deployable(policy, self._record.hook, max_executors=self._record.program_spec.max_executors)
        name, program = following.program.name, following.program
        with ExitStack() as stack:
            given = self._carried(following)
            loads: list[Loaded] = []
            for place in self._places:
                maps = {**given, program.executors: place.attachment.executor_map}
                loads.append(stack.enter_context(loader.load(following.verified, maps=maps, only=(name,))))
                given = dict(loads[0].maps)
            # Programs of one object: if the first slot takes its program, all do.
            for place, loaded in zip(self._places, loads, strict=True):
                place.attachment.swap(loaded.programs[name])
            counters = [loaded.descriptors[program.counters] for loaded in loads]
            self._places = tuple(replace(p, counters=c) for p, c in zip(self._places, counters, strict=True))
            before, self._maps = self._maps, loads[0].maps
        kept = set(map(id, self._maps.values()))
        end_iterations(each for each in before.values() if id(each) not in kept)
        following.use(self._maps)
        self._publish(following)

    def detach(self) -> Stats:
        """Give the choice back to the system and free everything, a pin as well. Returns the last statistics.

        Raises `AttachError` where something was left behind; even then the policy decides nothing any more.
        """
        self._require_open()
        try:
            left = [left for place in self._places if (left := place.attachment.detach())]
            last = self.stats()
            if self._pin is not None:
                pins.remove(self._pin)
        finally:
            self._release()
        if left:
            raise AttachError(left)
        return last

    def close(self) -> None:
        """Detach, or let go of a pinned policy, which stays in place."""
        if self._closed:
            return
        # A forked child inherits this value, and not what it stands for.
        if self._pin is None and os.getpid() == self._owner:
            self.detach()
        else:
            self._release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if getattr(self, "_closed", True):
            return
        if self._pin is None and os.getpid() == self._owner:
            warnings.warn(f"the link of `{self.policy}` was never closed", ResourceWarning, source=self, stacklevel=1)
        self._release()

    def __repr__(self) -> str:
        where = ", ".join(map(str, self.groups))
        return f"<Link {self.policy} at {where}{' closed' if self._closed else ''}>"

    def _carried(self, following: Deployable) -> dict[str, Map | Fd]:
        """The maps that the next version finds: ours where the declaration is unchanged, else what it brings."""
        same = allocate.unchanged(self._record.spec, following.spec)
        return {**following.maps, **{name: self._maps[name] for name in same}}

    def _publish(self, following: Deployable) -> None:
        groups = tuple(
            replace(known, counters=objects.map_info(place.counters.fileno()).id)
            for known, place in zip(self._record.groups, self._places, strict=True)
        )
        self._record = replace(
            self._record,
            program=following.program.name,
            spec=following.spec,
            waiver=following.verified.waiver,
            since=time.time(),
            groups=groups,
            maps=ids(self._maps, following.spec.maps),
            cost=following.verified.verdict.cost_of(following.program.name),
        )
        before, self._published = self._published, registry.write(self._record)
        if self._pin is not None:
            pins.exchange(self._pin, parts(self._published, self._places, self._maps))
        before.close()

    def _run_times(self) -> tuple[int, int]:
        total_time = total_runs = 0
        for place in self._places:
            stub = objects.program_by_id(place.attachment.stub)
            if stub is None:
                continue
            with stub:
                info = objects.program_info(stub.fileno())
            total_time, total_runs = total_time + info.run_time_ns, total_runs + info.run_count
        return total_time, total_runs

    def _require_open(self) -> None:
        if self._closed:
            raise ValueError("the link is closed")

    def _release(self) -> None:
        self._closed = True
        for place in self._places:
            place.attachment.slot.close()
        self._published.close()
        end_iterations(self._maps.values())
        self._places, self._maps = (), Maps()


def pinned(name: str, bpffs: str | os.PathLike[str] = pins.DEFAULT_BPFFS) -> Link:
    """The link that was pinned under a name, whatever process pinned it. Raises `AttachError` for an unknown name."""
    pin = Pin(name, Path(bpffs))
    published = pins.open_part(pin, "link")
    record = registry.read(published)
    if record is None:
        raise AttachError(pins.foreign(pin))
    places = [_pinned_place(pin, index, group) for index, group in enumerate(record.groups)]
    maps = Maps(_pinned_map(pin, declared) for declared in record.spec.maps)
    return Link(places, maps, record, published, pin)


def _pinned_place(pin: Pin, index: int, group: GroupRecord) -> Place:
    attachment = SocketAttachment(
        group.group,
        group.executors,
        pins.open_part(pin, f"executors_{index}"),
        pins.open_part(pin, f"slot_{index}"),
        group.stub,
    )
    return Place(attachment, pins.open_part(pin, f"counters_{index}"))


def _pinned_map(pin: Pin, declared: MapSpec) -> Map:
    fd = pins.open_part(pin, f"map_{declared.name}")
    return live(declared, fd, objects.map_info(fd.fileno()).shape)
