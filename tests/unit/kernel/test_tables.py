"""The tables agree with themselves: rows are reachable, sized and dated, and newer kernels have what older ones had."""

from __future__ import annotations

import itertools

import pytest

from syrupc.kernel.contexts import CONTEXTS, Context, Gives
from syrupc.kernel.helpers import HELPERS, Arg, helper, helpers_of
from syrupc.kernel.hooks import HOOKS
from syrupc.kernel.map_types import BY_NAME as MAP_BY_NAME
from syrupc.kernel.map_types import MAP_TYPES
from syrupc.kernel.profiles import DEFAULT_PROFILE, NAMES, profile
from syrupc.kernel.program_types import BY_NAME, PROGRAM_TYPES, of_section, returns
from syrupc.kernel.release import brought, release
from syrupc.kernel.sockets import SOCKETS

PROFILES = tuple(profile(name) for name in NAMES)


def test_releases_compare_as_numbers() -> None:
    assert release("5.15") < release("6.1") < release("6.12")
    assert brought("6.1", release("6.12"))
    assert not brought("6.12", release("6.1"))


@pytest.mark.parametrize("name", ["", "6", "six.one", "6.x"])
def test_what_is_no_release_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        release(name)


def test_the_default_is_the_oldest_kernel() -> None:
    assert profile(DEFAULT_PROFILE) is PROFILES[0]
    assert [p.release for p in PROFILES] == sorted(p.release for p in PROFILES)


@pytest.mark.parametrize(("older", "newer"), list(itertools.pairwise(PROFILES)))
def test_newer_kernels_have_all_that_older_ones_have(older: object, newer: object) -> None:
    for field in ("helpers", "map_types", "program_types", "loops"):
        assert getattr(older, field) <= getattr(newer, field)
    for kind in BY_NAME:
        assert helpers_of(kind, older.release) <= helpers_of(kind, newer.release)  # type: ignore[attr-defined]
    switches = [(getattr(p.reasoning, name)) for p in (older, newer) for name in p.reasoning.__slots__]  # type: ignore[attr-defined]
    half = len(switches) // 2
    assert all(new or not old for old, new in zip(switches[:half], switches[half:], strict=True))


def test_helpers_are_numbered_without_gaps_and_named_once() -> None:
    assert sorted(HELPERS) == list(range(1, 212))
    assert len({h.name for h in HELPERS.values()}) == len(HELPERS)


def test_every_size_follows_memory_and_every_keyed_argument_follows_a_map() -> None:
    for found in HELPERS.values():
        assert len(found.args) <= 5
        for before, arg in itertools.pairwise((None, *found.args)):
            if arg in (Arg.SIZE, Arg.SIZE_OR_ZERO):
                assert before in (Arg.MEM, Arg.MEM_OR_NULL, Arg.MEM_OUT, Arg.MEM_OUT_OR_NULL), found.name
        keyed = {Arg.KEY, Arg.VALUE, Arg.VALUE_OUT, Arg.VALUE_OR_NULL}
        assert not keyed & set(found.args) or Arg.MAP in found.args, found.name


@pytest.mark.parametrize("kind", list(BY_NAME))
def test_helpers_of_a_program_type_exist(kind: str) -> None:
    for kernel in PROFILES:
        found = helpers_of(kind, kernel.release)
        assert found <= kernel.helpers
        assert all(helper(number, kind) for number in found)


def test_no_program_may_call_what_only_sleepable_ones_may() -> None:
    assert not any({148, 191} & helpers_of(kind, PROFILES[-1].release) for kind in BY_NAME)


def test_maps_name_helpers_that_take_maps() -> None:
    for row in MAP_TYPES.values():
        assert MAP_BY_NAME[row.name] is row
        assert all(Arg.MAP in HELPERS[number].args for number in row.helpers), row.name


# -- contexts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("context", [*CONTEXTS.values(), *SOCKETS.values()], ids=[*CONTEXTS, *SOCKETS])
def test_fields_lie_apart_inside_their_context(context: Context) -> None:
    end = 0
    for field in context.fields:
        assert field.offset >= end, field.name
        end = field.end
        assert field.least <= field.unit
        assert field.gives is Gives.NUMBER or (field.size == field.unit and not field.writes)
    assert end <= context.size
    assert all(context.field_at(field.offset) is field for field in context.fields)


def test_a_field_is_read_in_parts_only_where_it_says_so() -> None:
    reuseport = CONTEXTS["sk_reuseport"]
    fields = {field.name: field for field in reuseport.fields}
    assert fields["len"].readable(18, 2)
    assert not fields["hash"].readable(32, 2)
    assert fields["eth_protocol"].readable(20, 2)
    assert not fields["eth_protocol"].readable(20, 1)
    assert fields["data"].readable(0, 8)
    assert not fields["data"].readable(0, 4)
    assert not any(field.writable(field.offset, field.unit) for field in reuseport.fields)


# -- program types -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "name"),
    [
        ("sk_reuseport", "sk_reuseport"),
        ("sk_reuseport/migrate", "sk_reuseport"),
        ("?xdp", "xdp"),
        ("xdp.frags/devmap", "xdp"),
        ("tc", "sched_cls"),
        ("cgroup_skb/ingress", "cgroup_skb"),
        ("kretprobe/x", "kprobe"),
        ("struct_ops.s/init", "struct_ops"),
        ("xdpx", None),
        ("", None),
        (".text", None),
    ],
)
def test_sections_name_program_types(section: str, name: str | None) -> None:
    found = of_section(section)
    assert (found.name if found else None) == name


def test_every_section_leads_to_its_row() -> None:
    for row in PROGRAM_TYPES.values():
        assert all(of_section(section) is row for section in row.sections)


def test_results_depend_on_where_a_program_is_attached() -> None:
    skb = BY_NAME["cgroup_skb"]
    assert (returns(skb, 0), returns(skb, 1)) == ((0, 1), (0, 3))
    assert returns(BY_NAME["xdp"], 0) is None


def test_hooks_use_program_types_maps_and_sections_that_exist() -> None:
    for hook in HOOKS.values():
        assert of_section(hook.section) is BY_NAME[hook.program_type]
        assert hook.executor_map in MAP_BY_NAME
        assert hook.program_type in CONTEXTS
