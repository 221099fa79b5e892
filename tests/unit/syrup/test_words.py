"""What is written down and read back, or shown: records, logs, statistics, tables."""

from __future__ import annotations

import io
import json
import os
from dataclasses import replace
from typing import Any

import pytest

import syrup
from syrup import present, registry, rejection, u8, u32
from syrup._sys.capabilities import Capability
from syrup._sys.processes import Holder
from syrup.contents import Contents, contents
from syrup.hooks import refusals
from syrup.hooks.groups import ExecutorSocket, Group
from syrup.pins import Pin
from syrup.registry import GroupRecord, Record
from syrup.stats import FaultCount, Stats
from syrupc.lang.kinds import MAP_CLASSES
from syrupc.lang.records import kind_of
from syrupc.objfile.model import Cost, LineInfo
from syrupc.spec import BE32, U32, FaultKind, MapKind, MapSpec, StoredType
from tests.kernel import handmade

SPEC = handmade.policy(handmade.PASS).object.spec
assert SPEC is not None
GROUP = Group(4026531840, 17, 2, "10.0.0.1", 9000, "eth0", 0, False)
EXECUTORS = tuple(ExecutorSocket(i, 70 + i, 900 + i, Holder(100 + i, 50 + i, 3), 1, f"worker {i}") for i in range(2))
RECORD = Record(
    "decide", "socket", SPEC, None, 7, "syrup attach", 1.5e9, None, (GroupRecord(GROUP, EXECUTORS, 11, 12),), ()
)


def test_a_record_is_read_back_as_it_was_written() -> None:
    pinned = replace(RECORD, pin="web", waiver="because", cost=Cost(25, 40))
    for record in (RECORD, pinned, replace(RECORD, cost=Cost(25, None))):
        assert registry.decode(registry.encode(record) + b"\0" * 5) == record
    assert (RECORD.attacher, pinned.attacher) == ("process 7 (syrup attach)", "pin `web`")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 64,
        b"not JSON",
        b"[]",
        b"{}",
        b'{"version": 1}',
        registry.encode(RECORD).replace(b'"version":1', b'"version":2', 1),
        registry.encode(RECORD).replace(b'"program":"decide"', b'"program":"absent"', 1),
        registry.encode(replace(RECORD, maps=(3,))),
        registry.encode(RECORD)[:-20],
        b"\xff" * 32,
    ],
)
def test_what_is_no_record_is_none(content: bytes) -> None:
    assert registry.decode(content) is None


@pytest.mark.parametrize(
    ("group", "text"),
    [
        (GROUP, "UDP 10.0.0.1%eth0:9000"),
        (replace(GROUP, device=""), "UDP 10.0.0.1:9000"),
        (replace(GROUP, device="", family=10, address="::"), "UDP [::]:9000"),
        (replace(GROUP, device="", protocol=6), "TCP 10.0.0.1:9000"),
    ],
)
def test_a_group_is_named_by_what_clients_send_to(group: Group, text: str) -> None:
    assert str(group) == text


@syrup.struct
class Rule:
    worker: u8
    name: syrup.Elements[u32] = syrup.elements(60)


RULE = kind_of(Rule).type


def local(kind: MapKind, key: StoredType | None, value: StoredType, entries: int = 8) -> Any:
    """A map in this process, with a name."""
    declared = MapSpec("rules", kind, key, value, entries)
    cls = MAP_CLASSES[kind]
    return cls.over(declared, cls.LOCAL(declared))


def test_a_map_is_shown_up_to_a_limit() -> None:
    table = local(MapKind.ARRAY, U32, U32)
    table[1] = 5
    assert contents(table, 2) == Contents(table.spec, ((0, 0), (1, 5)), True)
    assert contents(table, 8).more is False
    assert shown(present.map_contents(contents(table, 2))).splitlines() == [
        "rules: Array of u32 -> u32, 8 entries",
        " key  value ",
        "   0  0     ",
        "   1  5     ",
        " …",
    ]


def test_a_long_record_is_cut_for_people_and_whole_as_json() -> None:
    table = local(MapKind.HASH_MAP, RULE, RULE)
    table[Rule(1)] = Rule(2)
    seen = contents(table, 5)
    lines = shown(present.map_contents(seen)).splitlines()
    assert lines[2].split()[0] == "{worker:"
    assert lines[2].count("…") == 2
    (entry,) = json.loads(json.dumps(present.contents_fields(seen)))["entries"]
    assert entry == {"key": {"worker": 1, "name": [0] * 60}, "value": {"worker": 2, "name": [0] * 60}}


def test_a_prefix_is_shown_with_its_length() -> None:
    routes = local(MapKind.LPM_TRIE, BE32, U32)
    routes[0x0A000000, 8] = 3
    seen = contents(routes, 5)
    assert shown(present.map_contents(seen)).splitlines()[2].split() == ["0xa000000/8", "3"]
    assert present.contents_fields(seen)["entries"] == [{"key": [0x0A000000, 8], "value": 3}]


def test_records_of_each_cpu_are_a_list() -> None:
    own = local(MapKind.PER_CPU_ARRAY, U32, RULE, 1)
    own[0] = Rule(7)
    ((_, value),) = contents(own, 5).entries
    assert [each["worker"] for each in value[:3]] == [7, 0, 0]
    assert len(shown(present.map_contents(contents(own, 5))).splitlines()[2]) < 120


@pytest.mark.parametrize("kind", [MapKind.QUEUE, MapKind.STACK])
def test_looking_at_a_queue_takes_nothing_out(kind: MapKind) -> None:
    jobs = local(kind, None, U32)
    assert contents(jobs, 5).entries == ()
    jobs.push(4)
    for _ in range(2):
        assert contents(jobs, 5).entries == ((None, 4),)
    assert shown(present.map_contents(contents(jobs, 5))).splitlines() == [
        f"rules: {kind.value} of u32, 8 entries",
        " next ",
        " 4    ",
    ]


def test_looking_at_a_ring_buffer_takes_nothing_out() -> None:
    events = local(MapKind.RING_BUF, None, RULE, 4096)
    events.emit(Rule(1))
    assert shown(present.map_contents(contents(events, 5))) == "rules: RingBuf of Rule, 4096 bytes\n"
    assert events.read() == [Rule(1)]


LOG = """\
func#0 @0
0: R1=ctx() R10=fp0
; kind = pkt.payload.u8(23) @ lb.py:27
0: (79) r2 = *(u64 *)(r1 +0)          ; R1=ctx() R2_w=pkt(r=0)
1: (71) r8 = *(u8 *)(r2 +8)
invalid access to packet, off=8 size=1, R2(id=0,off=8,r=0)
R2 offset is outside of the packet
processed 2 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0
"""


def test_the_kernels_log_is_read_at_the_policys_line() -> None:
    lines = (LineInfo(0, "lb.py", 26, 1, ""), LineInfo(1, "lb.py", 27, 12, ""), LineInfo(2, "lb.py", 28, 1, ""))
    program = replace(handmade.program("p", "exit"), lines=lines)
    place, reason, kept = rejection.read_log(program, LOG)
    assert place is not None
    assert (place.file, place.line, place.column) == ("lb.py", 27, 12)
    assert reason == "R2 offset is outside of the packet"
    assert kept == LOG.splitlines()


def test_a_log_without_an_instruction_has_no_place() -> None:
    place, reason, _ = rejection.read_log(
        handmade.program("p", "exit"), "unreachable insn 24\nprocessed 0 insns (limit 1)\n"
    )
    assert (place, reason) == (None, "unreachable insn 24")


def test_an_empty_log_says_nothing() -> None:
    assert rejection.read_log(handmade.program("p", "exit"), "") == (None, "nothing", [])


def test_a_long_log_keeps_its_end() -> None:
    _, _, kept = rejection.read_log(handmade.program("p", "exit"), "\n".join(f"line {i}" for i in range(1000)))
    assert (len(kept), kept[0], kept[-1]) == (61, "... 940 lines before", "line 999")


STATS = Stats("decide", (3, 1), 2, 1, (FaultCount("a.py", 14, 9, FaultKind.SHORT_PACKET.value, 3),))


def test_statistics_add_up() -> None:
    assert (STATS.decisions, STATS.faulted) == (10, 3)
    assert str(STATS.faults[0]) == "a.py:14 ShortPacket 3"


def shown(thing: object) -> str:
    stream = io.StringIO()
    present.console(stream).print(thing)
    return stream.getvalue()


def test_statistics_are_shown_with_shares() -> None:
    rows = [line.split() for line in shown(present.statistics(STATS, RECORD.groups)).splitlines()]
    assert rows[1][:4] == ["0", "3", "30.0%", "50"]
    assert rows[3][:3] == ["PASS", "2", "20.0%"]
    assert rows[5][:3] == ["fault", "3", "30.0%"]
    assert rows[-1] == ["a.py:14", "ShortPacket", "3"]


def test_without_decisions_there_are_no_shares() -> None:
    assert "%" not in shown(
        present.statistics(replace(STATS, executors=(0, 0), passed=0, dropped=0, faults=()), RECORD.groups)
    )


def test_a_listing_says_what_is_known() -> None:
    text = shown(
        present.listing(
            [
                present.Listed(replace(RECORD, cost=Cost(25, 40)), True),
                present.Listed(replace(RECORD, waiver="trust me"), None),
            ]
        )
    )
    assert "25 instructions, about 40 ns" in text
    assert "in place" in text
    assert "unknown" in text
    assert "waived: trust me" in text
    assert "UDP 10.0.0.1%eth0:9000" in text


def test_what_is_shown_as_json_is_json() -> None:
    fields = json.loads(json.dumps(present.record_fields(replace(RECORD, cost=Cost(25, 40)), False)))
    assert fields["cost"] == {"executed": 25, "duration": 40}
    assert (fields["state"], fields["verdict"]) == ("gone", "verified")
    assert [e["pid"] for e in fields["groups"][0]["executors"]] == [50, 51]
    assert json.loads(json.dumps(present.stats_fields(STATS)))["faults"][0]["line"] == 14


def test_a_command_line_does_not_break_a_table() -> None:
    loud = replace(EXECUTORS[0], command="x" * 500 + "[red]")
    text = shown(present.statistics(replace(STATS, executors=(1,)), (GroupRecord(GROUP, (loud,), 1, 2),)))
    assert max(map(len, text.splitlines())) < 120
    marked = replace(EXECUTORS[0], command="[red]worker[/red]")
    assert "[red]worker[/red]" in shown(
        present.attached(replace(RECORD, groups=(GroupRecord(GROUP, (marked,), 1, 2),)))
    )


def test_a_command_line_that_is_a_script_does_not_flood_a_sentence() -> None:
    script = "sh -c " + "true; " * 200
    assert len(replace(RECORD, command=script).attacher) < 80
    notes = refusals.shared("UDP 127.0.0.1:9000", 7, script, 3).notes
    assert max(map(len, notes)) < 160
    assert "process 7 (sh -c true; true;" in notes[0]


@pytest.mark.parametrize("missing", [Capability.CAP_SYS_PTRACE, Capability.CAP_DAC_READ_SEARCH])
def test_sockets_of_another_user_are_not_taken_for_invisible_ones(
    monkeypatch: pytest.MonkeyPatch, missing: Capability
) -> None:
    monkeypatch.setattr(refusals, "effective", lambda: frozenset(Capability) - {missing})
    found = refusals.unseen("UDP 127.0.0.1:9000", os.geteuid() + 1, 2, closed=True)
    assert "belong to user" in found.message
    assert missing.name in found.notes[0]
    monkeypatch.setattr(refusals, "effective", lambda: frozenset(Capability))
    assert "cannot be seen" in refusals.unseen("UDP 127.0.0.1:9000", os.geteuid() + 1, 2, closed=True).message


def test_a_pin_is_a_folder_in_the_bpf_file_system() -> None:
    assert str(Pin("web").folder) == "/sys/fs/bpf/syrup/web"
