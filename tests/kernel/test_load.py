"""Loading verified objects: what is created, what is given, and what the kernel says of what it rejects."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest

import syrup
from syrup._sys import maps, objects, programs
from syrupc.objfile.model import LineInfo, MapDefinition, Object, Relocation, RelocationKind
from syrupc.spec import U32, U64, MapKind, MapSpec
from syrupc.verifier.verdict import VerifiedObject
from tests.kernel.handmade import ROUND_ROBIN, accepted, always, policy, program, refused, waived, without_spec

pytestmark = pytest.mark.bpf

TURN = MapSpec("turn", MapKind.ARRAY, U32, U64, 1)
XDP_PASS = "r0 = 2\nexit"


def xdp(text: str, *maps: MapDefinition, relocations: tuple[Relocation, ...] = ()) -> VerifiedObject:
    """An XDP program: the kernel runs those on test data."""
    code = replace(program("probe", text, "xdp"), relocations=relocations)
    return accepted(Object(b"", (code,), maps, "GPL", b"", None))


@pytest.mark.parametrize("thing", [None, "policy.o", b"\x7fELF", policy(always(0)).object, policy(always(0)).verdict])
def test_only_a_verified_object_is_loaded(thing: Any) -> None:
    with pytest.raises(TypeError, match="a VerifiedObject is loaded"):
        syrup.load(thing)


def test_a_program_runs_as_it_was_given() -> None:
    with syrup.load(xdp(XDP_PASS)) as loaded:
        result, packet, _ = programs.run(loaded.programs["probe"].fileno(), b"\0" * 64)
        assert (result, packet) == (2, b"\0" * 64)


def test_closing_unloads_the_programs() -> None:
    with syrup.load(policy(always(0))) as loaded:
        number = objects.program_info(loaded.programs["decide"].fileno()).id
    assert loaded.closed
    assert objects.program_by_id(number) is None


def test_the_kernel_shows_programs_and_maps_by_name() -> None:
    with syrup.load(policy(always(0), name="a_rather_long_name")) as loaded:
        assert objects.program_info(loaded.programs["a_rather_long_name"].fileno()).name == "a_rather_long_n"
        assert objects.map_info(loaded.descriptors["executors"].fileno()).name == "executors"


def test_only_the_named_programs_are_loaded() -> None:
    both = xdp(XDP_PASS).object
    both = replace(both, programs=(*both.programs, program("other", XDP_PASS, "xdp")))
    with syrup.load(accepted(both), only=("other",)) as loaded:
        assert list(loaded.programs) == ["other"]


def test_a_data_section_is_filled_and_its_constants_are_frozen() -> None:
    data = MapDefinition(".rodata", 2, 4, 16, 1, flags=1 << 7, initial=bytes(range(16)))
    text = "r1 = map_value(0) ll\nr0 = *(u8 *)(r1 + 0)\nexit"
    place = Relocation(0, RelocationKind.MAP_VALUE, ".rodata", addend=11)
    with syrup.load(xdp(text, data, relocations=(place,))) as loaded:
        assert programs.run(loaded.programs["probe"].fileno(), b"\0" * 64)[0] == 11
        with pytest.raises(PermissionError):
            maps.update(loaded.descriptors[".rodata"].fileno(), bytes(4), bytes(16))


def test_a_given_map_is_used_and_stays_the_same_value() -> None:
    first = syrup.load(policy(ROUND_ROBIN.format(workers=2), maps=[TURN]))
    turn = first.maps.turn
    first.close()
    turn[0] = 7
    with syrup.load(policy(always(0), maps=[TURN]), maps={"turn": turn}) as second:
        assert second.maps.turn is turn
        assert second.maps["turn"][0] == 7


def test_a_given_map_of_another_shape_is_refused() -> None:
    with syrup.load(policy(always(0), maps=[replace(TURN, max_entries=5)])) as other:
        with pytest.raises(syrup.LoadError) as raised:
            syrup.load(policy(always(0), maps=[TURN]), maps={"turn": other.maps.turn})
        (found,) = raised.value.diagnostics
        assert found.code == "SYR603"
        assert "1 entry of 4 to 40 bytes" in found.notes[1]


def test_a_map_that_is_only_declared_cannot_be_given() -> None:
    with pytest.raises(TypeError, match="not in the kernel"):
        syrup.load(policy(always(0), maps=[TURN]), maps={"turn": syrup.Array(U64, 1)})  # type: ignore[arg-type]


HUGE = MapSpec("huge", MapKind.HASH_MAP, U32, U64, 0xFFFF_FFFF)


def test_a_map_that_is_too_large_is_named() -> None:
    with pytest.raises(syrup.LoadError) as raised:
        syrup.load(policy(always(0), maps=[HUGE]))
    (found,) = raised.value.diagnostics
    assert (found.code, found.message) == ("SYR606", "the kernel does not create the map `huge`")


def test_what_the_kernel_rejects_is_our_fault_and_shown_at_its_line() -> None:
    careless = refused().object
    code = careless.programs[0]
    lines = tuple(LineInfo(slot, "policy.py", 10 + slot, 5, "kind = ...") for slot in range(len(code.insns)))
    with pytest.raises(syrup.InternalError) as raised:
        syrup.load(accepted(replace(careless, programs=(replace(code, lines=lines),))))
    (found,) = raised.value.diagnostics
    assert found.code == "SYR902"
    assert (found.span.file, found.span.line) == ("policy.py", 12)  # type: ignore[union-attr]
    assert found.notes[0].startswith("the kernel says: ")
    assert "packet" in found.notes[0]
    assert any("packet" in line for line in found.details)


def test_what_was_waived_is_the_users_risk() -> None:
    with pytest.raises(syrup.LoadError) as raised:
        syrup.load(waived(refused(), "I know what I am doing"))
    (found,) = raised.value.diagnostics
    assert found.code == "SYR604"
    assert "I know what I am doing" in found.notes[1]


def for_kernel(name: str, verified: VerifiedObject) -> VerifiedObject:
    """The same object, judged for another kernel."""
    return replace(verified, verdict=replace(verified.verdict, profile=name))


def test_what_was_compiled_for_a_newer_kernel_is_not_our_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    class Running:
        release = "6.1.0-18-amd64"

    monkeypatch.setattr(os, "uname", Running)
    with pytest.raises(syrup.LoadError) as raised:
        syrup.load(for_kernel("6.12", refused()))
    (found,) = raised.value.diagnostics
    assert (found.code, found.message) == (
        "SYR602",
        "this is Linux 6.1.0-18-amd64, and the object was compiled for Linux 6.12",
    )
    assert "`--kernel 6.1`" in found.help[0]
    with pytest.raises(syrup.InternalError):
        syrup.load(for_kernel("6.1", refused()))
    with pytest.raises(syrup.LoadError, match="the kernel does not create the map `huge`"):
        syrup.load(for_kernel("6.1", policy(always(0), maps=[HUGE])))


def test_a_long_log_of_the_kernel_is_bounded() -> None:
    branches = "\n".join(f"if r{6 + i % 2} > {i} goto +0" for i in range(400))
    text = f"r6 = *(u32 *)(r1 + 16)\nr7 = *(u32 *)(r1 + 12)\n{branches}\nr0 = *(u64 *)(r1 + 4096)\nexit"
    with pytest.raises(syrup.InternalError) as raised:
        syrup.load(xdp(text))
    assert len(raised.value.diagnostics[0].details) <= 61


def test_a_section_that_no_program_type_has() -> None:
    strange = replace(xdp(XDP_PASS).object, programs=(program("probe", XDP_PASS, "nowhere/at_all"),))
    with pytest.raises(syrup.LoadError) as raised:
        syrup.load(accepted(strange))
    assert raised.value.diagnostics[0].code == "SYR605"


def test_an_object_of_another_compiler_has_no_live_maps_and_loads_all_the_same() -> None:
    with syrup.load(without_spec(policy(always(0), maps=[TURN]))) as loaded:
        assert dict(loaded.maps) == {}
        assert {"executors", "counters", "turn"} == set(loaded.descriptors)


def test_nothing_is_left_of_a_load_that_failed() -> None:
    # The maps that had been made are closed: every test is checked for descriptors that it leaves open.
    with pytest.raises(syrup.InternalError):
        syrup.load(refused())
