"""What is attached on this host, as the attachers say it themselves.

Every link keeps a *record*: a map named `syrup_link` whose one value is JSON. It lives exactly as long as the link's
process or pin, so that nothing is ever listed that nobody holds, and it can be read by other processes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from typing import Any, Final

from syrup import privileges, stats
from syrup._sys import maps, objects, uapi
from syrup._sys.fd import Fd, keep_from_children
from syrup._sys.processes import Holder, shortened
from syrup.hooks.groups import ExecutorSocket, Group
from syrup.maps import Maps, live
from syrup.stats import Stats
from syrupc.errors import ObjectError
from syrupc.objfile.metadata import decode_spec, encode_spec
from syrupc.objfile.model import Cost
from syrupc.spec import ObjectSpec, ProgramSpec

_NAME: Final = "syrup_link"
_VERSION: Final = 1
_KEY: Final = (0).to_bytes(4, "little")


@dataclass(frozen=True, slots=True)
class GroupRecord:
    """One group of a link: who its executors are, and the kernel's ids of the stub and of the counter map."""

    group: Group
    executors: tuple[ExecutorSocket, ...]
    stub: int
    counters: int


@dataclass(frozen=True, slots=True)
class Record:
    """A link as others see it.

    `since` is in seconds of the epoch; `waiver` is why the verdict was set aside; `maps` has the kernel's ids of the
    declared maps, in their order; `cost` is what was proven of a run.
    """

    program: str
    hook: str
    spec: ObjectSpec
    waiver: str | None
    pid: int
    command: str
    since: float
    pin: str | None
    groups: tuple[GroupRecord, ...]
    maps: tuple[int, ...]
    cost: Cost | None = None

    @property
    def program_spec(self) -> ProgramSpec:
        return next(p for p in self.spec.programs if p.name == self.program and p.hook == self.hook)

    @property
    def attacher(self) -> str:
        return f"pin `{self.pin}`" if self.pin else f"process {self.pid} ({shortened(self.command)})"


def write(record: Record) -> Fd:
    """Publish a record for as long as the descriptor, or a pin of it, is there."""
    text = encode(record)
    made = maps.create(maps.Shape(uapi.BPF_MAP_TYPE_ARRAY, 4, len(text), 1), name=_NAME)
    keep_from_children(made)
    maps.update(made.fileno(), _KEY, text)
    return made


def read(fd: Fd) -> Record | None:
    """The record in a map; `None` where the map holds none that this version understands."""
    info = objects.map_info(fd.fileno())
    if info.name != _NAME or info.shape.max_entries != 1:
        return None
    content = maps.lookup(fd.fileno(), _KEY, info.shape.stored_size)
    return decode(content) if content else None


def records() -> Iterator[Record]:
    """All records of the host. `PermissionError` without CAP_SYS_ADMIN."""
    for number in objects.map_ids():
        found = objects.map_by_id(number)
        if found is None:
            continue
        with found:
            record = read(found)
        if record is not None:
            yield record


def visible() -> tuple[Record, ...]:
    """All records of the host, the oldest first. Raises `LoadError` without CAP_SYS_ADMIN."""
    privileges.require_ids()
    return tuple(sorted(records(), key=lambda record: record.since))


def holder_of(cookies: frozenset[int]) -> Record | None:
    """The link that has one of these sockets, as far as this process may know."""
    with suppress(PermissionError):
        for record in records():
            if any(e.cookie in cookies for group in record.groups for e in group.executors):
                return record
    return None


def in_place(record: Record) -> bool | None:
    """Whether the record's policy still decides in all its groups; `None` where this process may not ask."""
    try:
        found = [objects.program_by_id(group.stub) for group in record.groups]
    except PermissionError:
        return None
    for fd in found:
        if fd is not None:
            fd.close()
    return None not in found


def stats_of(record: Record) -> Stats | None:
    """What the record's policy decided; `None` if it has just gone. `PermissionError` without CAP_SYS_ADMIN."""
    with ExitStack() as stack:
        counters = []
        for group in record.groups:
            fd = objects.map_by_id(group.counters)
            if fd is None:
                return None
            counters.append((stack.enter_context(fd), len(group.executors)))
        return stats.read(record.program_spec, record.spec.source, counters)


def maps_of(record: Record) -> Maps:
    """The record's declared maps, without those that have just gone. `PermissionError` without CAP_SYS_ADMIN."""
    declared = zip(record.spec.maps, record.maps, strict=True)
    found = ((each, fd) for each, number in declared if (fd := objects.map_by_id(number)) is not None)
    return Maps(live(each, fd, objects.map_info(fd.fileno()).shape) for each, fd in found)


def encode(record: Record) -> bytes:
    fields = asdict(record)
    fields["spec"] = json.loads(encode_spec(record.spec))
    return json.dumps({"version": _VERSION, **fields}, separators=(",", ":")).encode()


def decode(content: bytes) -> Record | None:
    try:
        fields = json.loads(content.rstrip(b"\0"))
        return _record(fields) if fields.pop("version") == _VERSION else None
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration, ObjectError):
        return None  # Someone else's map of the same name, or another version's.


def _record(fields: dict[str, Any]) -> Record:
    fields["spec"] = decode_spec(json.dumps(fields["spec"]).encode())
    fields["groups"] = tuple(map(_group_record, fields["groups"]))
    fields["maps"] = tuple(fields["maps"])
    fields["cost"] = fields["cost"] and Cost(**fields["cost"])
    record = Record(**fields)
    _ = record.program_spec
    if len(record.maps) != len(record.spec.maps):
        raise ValueError("another number of maps than the policy declares")
    return record


def _group_record(fields: dict[str, Any]) -> GroupRecord:
    return GroupRecord(
        Group(**fields["group"]), tuple(map(_executor, fields["executors"])), fields["stub"], fields["counters"]
    )


def _executor(fields: dict[str, Any]) -> ExecutorSocket:
    return ExecutorSocket(**{**fields, "holder": Holder(**fields["holder"])})
