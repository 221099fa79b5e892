"""A machine's kernel as a file: what is written is read again, and what is wrong is told with its place."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from syrupc.errors import UsageError
from syrupc.kernel.host import Host, differences, is_supported, parse, text
from syrupc.kernel.profiles import NAMES, KernelProfile, profile
from syrupc.kernels import chosen
from tests.unit.commands import Runner


def host_of(known: KernelProfile) -> Host:
    """A machine that offers just what a profile says."""
    return Host(
        kernel=f"{known.name}.0-generic",
        machine="x86_64",
        isa=known.isa,
        helpers=dict(known.offered),
        map_types=known.map_types,
        loops=known.loops,
        acquire_release=known.acquire_release,
        jit=True,
        btf=True,
        unprivileged=False,
        sched_ext=False,
    )


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_is_read_again(name: str) -> None:
    host = host_of(profile(name))
    assert parse("host.json", text(host)) == host
    assert differences(host, profile(name)) == ()


@pytest.mark.parametrize("name", NAMES)
def test_the_profile_of_a_machine_is_that_of_its_release_where_it_offers_the_same(name: str) -> None:
    found = host_of(profile(name)).profile
    assert found == replace(profile(name), name=f"{name}.0-generic")


def test_frames_count_otherwise_where_programs_are_interpreted() -> None:
    host = host_of(profile("6.12"))
    assert host.profile.reasoning.rounds_frames_to_16
    assert not replace(host, jit=False).profile.reasoning.rounds_frames_to_16


def test_differences_are_told_by_name() -> None:
    known = profile("6.6")
    host = host_of(known)
    other = replace(
        host,
        isa=3,
        map_types=(host.map_types - {30}) | {33},
        loops=host.loops - {"bpf_loop"},
        acquire_release=True,
        helpers={kind: numbers - {1} for kind, numbers in host.helpers.items() if kind != "xdp"},
    )
    found = differences(other, known)
    assert found[:5] == (
        "lacks program type xdp",
        "lacks map type bloom_filter",
        "has map type arena",
        "lacks loops by bpf_loop",
        "lacks helper of cgroup_skb map_lookup_elem",
    )
    assert found[-2:] == ("instruction set v3, not v4", "has loads and stores with an order")


@pytest.mark.parametrize(
    ("kernel", "supported"),
    [
        ("5.15.0", True),
        ("6.1", True),
        ("6.10.3-rc1+", True),
        ("5.14.99", False),
        ("5.2", False),
        ("x", False),
        ("", False),
    ],
)
def test_kernels_are_supported_from_the_oldest_profile_on(kernel: str, supported: bool) -> None:
    assert is_supported(kernel) is supported


GOOD = json.loads(text(host_of(profile("5.15"))))


def without(name: str) -> dict[str, object]:
    return {key: value for key, value in GOOD.items() if key != name}


@pytest.mark.parametrize(
    ("content", "place", "why"),
    [
        ("", "1:1", "expecting value"),
        ('{\n "isa": 3,\n}', "3:1", "expecting property name"),
        ("[]", "1:1", "it is no object"),
        ('{\n "version": 2}', "2:2", "the version is 2, and 1 is what is read here"),
        ("{}", "1:1", "the version is null"),
        (json.dumps(without("jit")), "1:2", "it lacks `jit`"),
        (json.dumps(GOOD | {"cpus": 4}), "cpus", "a profile has no `cpus`"),
        (json.dumps(GOOD | {"isa": 5}), "isa", "`isa` is 5, not 3 or 4"),
        (json.dumps(GOOD | {"isa": True}), "isa", "`isa` is no number"),
        (json.dumps(GOOD | {"jit": 1}), "jit", "`jit` is no true or false"),
        (json.dumps(GOOD | {"kernel": "5.14.0"}), "kernel", "`kernel` is no release of Linux 5.15 or newer"),
        (json.dumps(GOOD | {"kernel": "6.1\n"}), "kernel", "`kernel` is no release of Linux 5.15 or newer"),
        (json.dumps(GOOD | {"map_types": ["hash", "hush"]}), "hush", 'there is no type of map "hush"'),
        (json.dumps(GOOD | {"map_types": [{}]}), "map_types", "there is no type of map {}"),
        (json.dumps(GOOD | {"loops": ["goto"]}), "goto", 'there is no way to loop "goto"'),
        (json.dumps(GOOD | {"helpers": {"lsm": []}}), "lsm", "there are no `lsm` programs"),
        (json.dumps(GOOD | {"helpers": {"xdp": 1}}), "xdp", "`xdp` is no list"),
        (json.dumps(GOOD | {"helpers": {"xdp": ["fly"]}}), "fly", 'there is no helper "fly"'),
    ],
)
def test_a_malformed_profile_is_told_with_its_place(content: str, place: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse("host.json", content)
    (found,) = caught.value.diagnostics
    expected = place if ":" in place else f"1:{content.index(json.dumps(place)) + 1}"
    assert (found.code, str(found.span)) == ("SYR008", f"host.json:{expected}")
    assert found.message.startswith(f"malformed kernel profile: {why}")


def test_a_profile_is_a_value_that_cannot_be_changed() -> None:
    assert isinstance(profile("6.1").offered, MappingProxyType)


# -- where a kernel is named -------------------------------------------------------------------------------------------

BLOOM = """\
import syrup

seen = syrup.Bloom(syrup.u64, 8)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 1 if pkt.payload.u64(0) in seen else 0
"""


TIMED = """\
import syrup


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return syrup.now_ns() % 2
"""


@pytest.mark.parametrize("command", ["compile", "check", "verify", "disasm"])
def test_every_command_takes_the_file_of_a_machine(syrupc: Runner, folder: Path, command: str) -> None:
    (folder / "bloom.py").write_text(BLOOM)
    (folder / "host.json").write_text(text(host_of(profile("6.1"))))
    assert syrupc(command, "bloom.py").status == 1
    assert syrupc(command, "bloom.py", "--kernel", "host.json").status == 0
    assert syrupc(command, "bloom.py", "--kernel", "6.1").status == 0


def test_what_a_machine_lacks_is_told_by_the_name_of_its_kernel(syrupc: Runner, folder: Path) -> None:
    (folder / "bloom.py").write_text(BLOOM)
    lacking = replace(host_of(profile("6.1")), map_types=profile("5.15").map_types)
    (folder / "host.json").write_text(text(lacking))
    done = syrupc("check", "bloom.py", "--kernel", "host.json")
    assert done.status == 1
    assert "error[SYR301]: Linux 6.1.0-generic has no " in done.err


def test_a_file_that_a_machine_wrote_gives_the_bytes_of_its_release(syrupc: Runner, folder: Path) -> None:
    (folder / "host.json").write_text(text(host_of(profile("6.12"))))
    syrupc("compile", "spread.py", "--kernel", "host.json", "-o", "a.o")
    syrupc("compile", "spread.py", "--kernel", "6.12", "-o", "b.o")
    assert (folder / "a.o").read_bytes() == (folder / "b.o").read_bytes()


def test_helpers_that_a_machine_lacks_are_rejected(syrupc: Runner, folder: Path) -> None:
    syrupc("compile", "spread.py")
    (folder / "timed.py").write_text(TIMED)
    syrupc("compile", "timed.py")
    host = host_of(profile("6.1"))
    (folder / "host.json").write_text(
        text(replace(host, helpers={**host.helpers, "sk_reuseport": host.helpers["sk_reuseport"] - {5}}))
    )
    assert syrupc("verify", "timed.bpf.o").status == 0
    assert "error[SYR511]" in syrupc("verify", "timed.bpf.o", "--kernel", "host.json").err


@pytest.mark.parametrize(
    ("name", "code"), [("none.json", "SYR001"), ("./6.1", "SYR001"), (".", "SYR001"), ("", "SYR003"), ("6.2", "SYR003")]
)
def test_what_is_no_kernel_is_told(syrupc: Runner, name: str, code: str) -> None:
    done = syrupc("verify", "spread.py", "--kernel", name)
    assert (done.status, done.out) == (2, "")
    assert f"error[{code}]: " in done.err


def test_a_release_is_meant_also_where_a_file_has_its_name(folder: Path) -> None:
    (folder / "6.1").write_text("{}")
    assert chosen("6.1") is profile("6.1")
