"""What an object says of its programs' costs: room for it, filled in where it is, and read back."""

from __future__ import annotations

import pytest

from syrupc.driver import judge
from syrupc.errors import ObjectError
from syrupc.frontend.source import PolicySource
from syrupc.objfile.costs import SECTION, decode_costs, filled, room_for
from syrupc.objfile.elf import parse_elf
from syrupc.objfile.model import Cost, Costs
from syrupc.objfile.reader import read_object
from syrupc.options import Options
from syrupc.spec import ObjectSpec, ProgramSpec

TWO = """import syrup


@syrup.jit
def first(pkt: syrup.Packet) -> syrup.Executor:
    return pkt.flow_hash % 5


@syrup.jit
def second(pkt: syrup.Packet) -> syrup.Executor:
    return 3
"""
LONG = """import syrup
from syrup import u64

table = syrup.Array(u64, 4)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    for i in range(2000000):
        if table[i % 4] == 3:
            return 1
    return 0
"""
SPEC = ObjectSpec(
    "p.py", "0" * 64, tuple(ProgramSpec(n, "socket", "e", "c", 4, False, ()) for n in ("first", "second")), ()
)
SAID = Costs((6, 12), 7, {"first": Cost(40, 60), "second": Cost(1 << 40, None)})


@pytest.fixture(scope="module")
def compiled() -> bytes:
    return judge(PolicySource("p.py", TWO), Options()).object.data


def section(data: bytes) -> bytes:
    found = parse_elf(data).section(SECTION)
    assert found is not None
    assert data[found.offset : found.offset + found.size] == found.content
    return found.content


def test_an_object_says_what_was_proven_of_it() -> None:
    verdict = judge(PolicySource("p.py", TWO), Options(kernel="6.1"))
    assert verdict.object.costs is not None
    assert verdict.object.costs.release == (6, 1)
    assert verdict.object.costs.programs == {p.program: Cost(p.executed, p.duration) for p in verdict.programs}
    assert read_object(verdict.object.data) == verdict.object


def test_an_object_that_is_not_accepted_says_nothing() -> None:
    verdict = judge(PolicySource("p.py", LONG), Options())
    assert not verdict.accepted
    assert verdict.object.costs is None
    assert not any(section(verdict.object.data))


def test_what_is_filled_in_is_read_back(compiled: bytes) -> None:
    assert read_object(filled(compiled, SAID)).costs == SAID


def test_nothing_else_changes(compiled: bytes) -> None:
    other = filled(compiled, SAID)
    changed = [at for at, (a, b) in enumerate(zip(compiled, other, strict=True)) if a != b]
    found = parse_elf(other).section(SECTION)
    assert found is not None
    assert changed
    assert found.offset <= changed[0] <= changed[-1] < found.offset + found.size


def test_zeros_say_nothing() -> None:
    assert decode_costs(room_for(2), SPEC) is None


@pytest.mark.parametrize("size", [0, 7, 39, 41, 4096])
def test_a_section_of_another_size_is_refused(size: int) -> None:
    assert len(room_for(2)) == 40
    with pytest.raises(ObjectError, match="SYR402"):
        decode_costs(bytes(size), SPEC)


def test_a_section_without_programs_is_refused() -> None:
    with pytest.raises(ObjectError, match="SYR402"):
        decode_costs(room_for(1), None)
