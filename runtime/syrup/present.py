"""Links, records and statistics as a terminal and as JSON show them."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console, RenderableType
from rich.console import Group as Stack
from rich.table import Table
from rich.text import Text

from syrup._sys.processes import shortened
from syrup.contents import Contents
from syrup.hooks.groups import ExecutorSocket
from syrup.registry import GroupRecord, Record
from syrup.stats import Stats
from syrupc.kernel.helpers import HELPERS
from syrupc.kernel.host import Host, differences
from syrupc.kernel.map_types import MAP_TYPES
from syrupc.kernel.profiles import LOOPS, NAMES, profile
from syrupc.kernel.program_types import PROGRAM_TYPES
from syrupc.kernel.release import release
from syrupc.spec import MapKind, MapSpec

_VALUE_WIDTH = 100
_STATES = {True: "in place", False: "gone", None: "unknown"}


@dataclass(frozen=True, slots=True)
class Listed:
    """A record with whether its policy still decides; `None` where this process may not ask."""

    record: Record
    in_place: bool | None


def attached(record: Record) -> RenderableType:
    """What an attach did: where, and which socket has which index."""
    parts: list[RenderableType] = []
    for group in record.groups:
        heading = f"{record.program} ({record.spec.source}, {verdict(record)}) decides on {group.group}"
        parts += [Text(heading), _executor_table(group.executors)]
    return Stack(*parts)


def statistics(stats: Stats, groups: Sequence[GroupRecord]) -> RenderableType:
    """Decisions with their shares, then faults by source line."""
    total = stats.decisions
    table = _table(">executor", ">decisions", ">share", "process", *(["where"] if len(groups) > 1 else []))
    executors = [(group, executor) for group in groups for executor in group.executors]
    for (group, executor), count in zip(executors, stats.executors, strict=True):
        where = [str(group.group)] if len(groups) > 1 else []
        table.add_row(str(executor.index), str(count), _share(count, total), _process(executor), *where)
    table.add_row("PASS", str(stats.passed), _share(stats.passed, total), "the kernel's default")
    table.add_row("DROP", str(stats.dropped), _share(stats.dropped, total))
    table.add_row("fault", str(stats.faulted), _share(stats.faulted, total), "the kernel's default")
    return Stack(table, *(Text(f"  {fault}") for fault in stats.faults))


def map_contents(found: Contents) -> RenderableType:
    """A map's first entries."""
    declared = found.declared
    types = f"{declared.key} -> {declared.value}" if declared.key else str(declared.value)
    unit = "bytes" if declared.kind is MapKind.RING_BUF else "entries"
    heading = Text(f"{declared.name}: {declared.kind.value} of {types}, {declared.max_entries} {unit}")
    table = _table(*([">key"] if declared.key else []), "value" if declared.key else "next")
    for key, value in found.entries:
        table.add_row(*([_key_text(declared, key)] if declared.key else []), _value_text(value))
    return Stack(heading, *([table] if found.entries else []), *([Text(" …")] if found.more else []))


def host(found: Host) -> RenderableType:
    """What a kernel offers to programs, and where it differs from the profile that is nearest to it."""
    nearest = profile(max((n for n in NAMES if release(n) <= found.release), key=release))
    facilities = _table("facility", "here")
    for name, value in _facilities(found):
        facilities.add_row(name, value)
    types = _table("program type", "since", "here", ">helpers")
    for kind in PROGRAM_TYPES.values():
        there = kind.name in found.helpers
        types.add_row(kind.name, kind.since, _yes(there), str(len(found.helpers[kind.name])) if there else "")
    kinds = _table("map type", "since", "here")
    for row in MAP_TYPES.values():
        kinds.add_row(row.name, row.since, _yes(row.number in found.map_types))
    apart = differences(found, nearest)
    last = f"compared with the profile {nearest.name}: {'' if apart else 'the same'}"
    title = Text(f"Linux {found.kernel} on {found.machine}")
    return Stack(title, facilities, types, kinds, Text(last), *(Text(f"  {each}") for each in apart))


def helpers(found: Host) -> RenderableType:
    """Each helper with the types of programs that may call it."""
    table = _table("helper", "since", "program types")
    for number, row in HELPERS.items():
        kinds = [kind for kind, offered in found.helpers.items() if number in offered]
        every = len(kinds) == len(found.helpers)
        table.add_row(row.name, row.since, "all" if every else " ".join(kinds) or "-")
    return table


def _facilities(found: Host) -> Iterator[tuple[str, str]]:
    yield "instruction set", f"v{found.isa}"
    yield "loads and stores with an order", _yes(found.acquire_release)
    yield "loops", ", ".join(loop for loop in LOOPS if loop in found.loops)
    yield "compiled to machine code (JIT)", _yes(found.jit)
    yield "type information of the kernel (BTF)", _yes(found.btf)
    yield "programs of unprivileged users", _yes(found.unprivileged)
    yield "scheduling of threads (sched_ext)", _yes(found.sched_ext)


def _yes(there: bool) -> str:
    return "yes" if there else "no"


def listing(found: Iterable[Listed]) -> RenderableType:
    """What is attached on this host, one line a group."""
    table = _table("policy", "hook", "where", ">executors", "held by", "since", "costs at most", "verdict", "state")
    for each in found:
        record = each.record
        for group in record.groups:
            table.add_row(
                record.program,
                record.hook,
                str(group.group),
                str(len(group.executors)),
                record.attacher,
                _time(record).strftime("%Y-%m-%d %H:%M:%S"),
                str(record.cost or "unknown"),
                verdict(record),
                _STATES[each.in_place],
            )
    return table


def verdict(record: Record) -> str:
    return "verified" if record.waiver is None else f"waived: {record.waiver}"


def record_fields(record: Record, in_place: bool | None) -> dict[str, Any]:
    """A record in JSON's terms."""
    return {
        "policy": record.program,
        "hook": record.hook,
        "source": record.spec.source,
        "verdict": "verified" if record.waiver is None else "waived",
        "waiver": record.waiver,
        "pid": record.pid,
        "command": record.command,
        "pin": record.pin,
        "cost": record.cost and {"executed": record.cost.executed, "duration": record.cost.duration},
        "since": _time(record).isoformat(timespec="seconds"),
        "state": _STATES[in_place],
        "groups": [
            {"where": str(group.group), "executors": [_executor_fields(each) for each in group.executors]}
            for group in record.groups
        ],
    }


def contents_fields(found: Contents) -> dict[str, Any]:
    """A map's first entries in JSON's terms."""
    declared = found.declared
    return {
        "map": declared.name,
        "kind": declared.kind.value,
        "key": declared.key and str(declared.key),
        "value": str(declared.value),
        "max_entries": declared.max_entries,
        "entries": [{"key": key, "value": value} for key, value in found.entries],
        "more": found.more,
    }


def stats_fields(stats: Stats) -> dict[str, Any]:
    """Statistics in JSON's terms."""
    return {
        "policy": stats.policy,
        "decisions": stats.decisions,
        "executors": list(stats.executors),
        "pass": stats.passed,
        "drop": stats.dropped,
        "faults": [
            {"file": f.file, "line": f.line, "column": f.column, "kind": f.kind, "count": f.count} for f in stats.faults
        ],
    }


def console(stream: Any) -> Console:
    """A console that cuts nothing where no terminal's width limits it, and takes no text for markup."""
    return Console(file=stream, highlight=False, markup=False, emoji=False, width=None if stream.isatty() else 240)


def _executor_table(executors: Sequence[ExecutorSocket]) -> Table:
    table = _table(">index", ">pid", ">fd", "command")
    for each in executors:
        note = f"  (open in {each.holders} processes)" if each.holders > 1 else ""
        table.add_row(str(each.index), str(each.holder.pid), str(each.holder.fd), shortened(each.command) + note)
    return table


def _executor_fields(executor: ExecutorSocket) -> dict[str, Any]:
    return {
        "index": executor.index,
        "pid": executor.holder.pid,
        "fd": executor.holder.fd,
        "cookie": executor.cookie,
        "command": executor.command,
    }


def _table(*columns: str) -> Table:
    """Columns that begin with `>` are of numbers."""
    table = Table(box=None, pad_edge=True, header_style="bold")
    for column in columns:
        table.add_column(column.removeprefix(">"), justify="right" if column.startswith(">") else "left", no_wrap=True)
    return table


def _key_text(declared: MapSpec, key: Any) -> str:
    if declared.kind is MapKind.LPM_TRIE:
        address, length = key
        return f"{address:#x}/{length}" if isinstance(address, int) else f"{_value_text(address)}/{length}"
    return _value_text(key)


def _value_text(value: Any) -> str:
    """Plain data in one line of bounded length."""
    text = json.dumps(value).replace('"', "")
    return text if len(text) <= _VALUE_WIDTH else f"{text[: _VALUE_WIDTH - 1]}…"


def _process(executor: ExecutorSocket) -> str:
    return f"{executor.holder.pid} {shortened(executor.command)}"


def _share(count: int, total: int) -> str:
    return f"{count / total:.1%}" if total else "-"


def _time(record: Record) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(record.since).astimezone()
