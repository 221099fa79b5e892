"""Where a policy cannot be attached: one diagnostic that says why, and everything stays as it was."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import syrup
from syrup import features
from syrup.features import Feature
from syrupc.diagnostics import Diagnostic
from tests.kernel.handmade import PASS, always, policy
from tests.kernel.services import DEADLINE, own_group, port_of, spread, udp_socket, without_capabilities, workers

pytestmark = pytest.mark.bpf

ATTEMPT = Path(__file__).with_name("attempt.py")


def refusal(**where: Any) -> Diagnostic:
    """The one diagnostic of a refused attach."""
    with pytest.raises(syrup.AttachError) as raised:
        syrup.attach(policy(always(1)), **where)
    (found,) = raised.value.diagnostics
    return found


def refusals_of_process(
    port: int, *options: str, capabilities: Sequence[str] = (), prefix: Sequence[str] = ()
) -> list[dict[str, Any]]:
    """What a process without root's capabilities, but these, is told; `prefix` is a command that starts it."""
    drop = without_capabilities(*capabilities) if capabilities else []
    command = [*prefix, *drop, sys.executable, str(ATTEMPT), str(port), *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE * 3, check=False)
    assert done.stderr == ""
    return list(json.loads(done.stdout))


@pytest.fixture
def group() -> Iterator[list[socket.socket]]:
    with own_group(3) as sockets:
        yield sockets


def free_port() -> int:
    with udp_socket(reuse_port=False) as unused:
        return port_of(unused)


@pytest.mark.usefixtures("group")
def test_nobody_listens() -> None:
    port = free_port()
    found = refusal(port=port)
    assert (found.code, found.message) == ("SYR701", f"nobody listens on UDP port {port}")
    assert found.notes[-1].startswith("UDP ports with a listener: ")
    assert "(pid " in found.notes[-1]


def test_a_service_over_tcp_instead() -> None:
    with workers(1, "tcp") as (port, started):
        found = refusal(port=port)
        assert found.code == "SYR701"
        assert f"pid {started[0].process.pid} " in found.notes[0]
        assert f"TCP port {port}, and this policy decides about datagrams" in found.notes[0]


def test_nobody_listens_at_that_address(group: list[socket.socket]) -> None:
    found = refusal(port=port_of(group[0]), address="127.0.0.9")
    assert found.code == "SYR701"
    assert f"UDP 127.0.0.1:{port_of(group[0])}" in found.notes[0]


def test_a_socket_without_reuse_port() -> None:
    with workers(1, "plain") as (port, started):
        found = refusal(port=port)
        assert found.code == "SYR702"
        assert str(started[0].process.pid) in found.notes[0]


def test_a_socket_that_set_reuse_port_too_late() -> None:
    with workers(1, "late") as (port, _):
        found = refusal(port=port)
        assert found.code == "SYR702"
        assert "only after `bind`" in found.notes[0]


@pytest.mark.parametrize("options", [("shared",), ("shared", "plain")])
def test_one_socket_that_processes_share(options: tuple[str, ...]) -> None:
    with workers(1, *options) as (port, _):
        found = refusal(port=port)
        assert found.code == "SYR703"
        assert found.message.startswith("2 processes share the one socket")


def test_a_process_of_another_user() -> None:
    with workers(2, "nobody") as (port, _):
        (found,) = refusals_of_process(port, capabilities=["bpf"])
        assert found["code"] == "SYR704"
        assert "belong to user nobody" in found["message"]
        assert "CAP_SYS_PTRACE" in found["notes"][0]


def test_a_process_of_another_user_with_the_right_to_borrow() -> None:
    with workers(2, "nobody") as (port, _):
        assert refusals_of_process(port, capabilities=["bpf", "sys_ptrace", "dac_read_search"]) == []


def test_one_capability_is_enough_for_ones_own_service() -> None:
    with workers(2, "powerless") as (port, _):
        assert refusals_of_process(port, capabilities=["bpf"]) == []


def test_a_service_with_more_capabilities_than_oneself() -> None:
    with workers(2) as (port, _):
        (found,) = refusals_of_process(port, capabilities=["bpf"])
        assert found["code"] == "SYR704"
        assert "capabilities that this process lacks" in found["notes"][0]


def test_a_missing_capability_is_named() -> None:
    with workers(2) as (port, _):
        (found,) = refusals_of_process(port, capabilities=["sys_ptrace", "net_admin"])
        assert (found["code"], found["message"]) == ("SYR601", "this process does not have CAP_BPF (or CAP_SYS_ADMIN)")


def test_a_kernel_without_a_feature() -> None:
    with workers(2, "powerless") as (port, _):
        found = refusals_of_process(port, "without-pidfd-getfd", capabilities=["bpf"])
        assert [f["code"] for f in found] == ["SYR602"]
        assert "pidfd_getfd" in found[0]["message"]
        assert "5.6" in found[0]["notes"][0]


def test_every_missing_feature_is_named() -> None:
    absent = [Feature("one thing", "9.1", lambda: False), Feature("another", "9.2", lambda: False)]
    with pytest.raises(syrup.LoadError) as raised:
        features.require("socket", [*absent, Feature("a third", "1.0", lambda: True)])
    assert [d.message for d in raised.value.diagnostics] == ["this kernel lacks one thing", "this kernel lacks another"]


def test_a_service_in_another_network_namespace() -> None:
    with workers(1, "elsewhere", host="0.0.0.0") as (port, started):
        found = refusal(port=port)
        assert found.code == "SYR701"
        enter = f"nsenter --net=/proc/{started[0].process.pid}/ns/net"
        assert any(enter in note for note in found.notes)
        assert refusals_of_process(port, prefix=enter.split()) == []


def test_more_sockets_than_executors(group: list[socket.socket]) -> None:
    with pytest.raises(syrup.AttachError) as raised:
        syrup.attach(policy(always(1), max_executors=2), port=port_of(group[0]))
    (found,) = raised.value.diagnostics
    assert found.code == "SYR706"
    assert "max_executors=3" in found.help[0]
    assert spread(group)


def test_the_same_service_twice(group: list[socket.socket]) -> None:
    with syrup.attach(policy(PASS, name="first"), port=port_of(group[0])):
        found = refusal(port=port_of(group[0]))
        assert found.code == "SYR705"
        assert "`first`" in found.notes[0]


def test_sockets_in_a_map_of_someone_else(group: list[socket.socket]) -> None:
    from syrup._sys import maps, uapi

    with maps.create(maps.Shape(uapi.BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, 4, 8, 1)) as other:
        maps.update(other.fileno(), bytes(4), group[2].fileno().to_bytes(8, "little"))
        found = refusal(port=port_of(group[0]))
        assert found.code == "SYR705"
        assert "unknown" in found.notes[0]
        maps.delete(other.fileno(), bytes(4))
    # The two sockets that had been entered already were taken out again.
    with syrup.attach(policy(always(1)), port=port_of(group[0])):
        assert not spread(group)


def test_nothing_is_attached_if_one_group_of_the_port_refuses() -> None:
    with own_group(2) as good, own_group(3, "127.0.0.2", port_of(good[0])) as large:
        with pytest.raises(syrup.AttachError) as raised:
            syrup.attach(policy(always(1), max_executors=2), port=port_of(good[0]))
        assert raised.value.diagnostics[0].code == "SYR706"
        assert spread(good)
        assert spread(large, "127.0.0.2")


def test_given_sockets_that_are_none_of_the_protocol() -> None:
    with socket.socket() as tcp, udp_socket() as good:
        found = refusal(sockets=[good, tcp])
        assert (found.code, found.message) == ("SYR712", "sockets[1] is not a UDP socket over IP")


def test_given_sockets_that_are_not_bound() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unbound:
        assert refusal(sockets=[unbound]).message.startswith("sockets[0] receives from nobody")


def test_a_given_socket_twice(group: list[socket.socket]) -> None:
    assert refusal(sockets=[group[1], group[0], group[1]]).message == "sockets 0 and 2 are the same"


def test_given_sockets_of_two_groups(group: list[socket.socket]) -> None:
    with udp_socket() as other:
        found = refusal(sockets=[group[0], other])
        assert found.message.startswith("the sockets belong to 2 groups")
        assert f"UDP 127.0.0.1:{port_of(other)}" in found.notes[0]


def test_a_given_descriptor_that_is_no_socket() -> None:
    with Path("/dev/null").open() as null:
        descriptor = null.fileno()
        assert refusal(sockets=[descriptor]).code == "SYR712"
    assert refusal(sockets=[descriptor]).code == "SYR712"  # closed by now


def test_wrong_arguments_are_refused_before_anything_is_done(group: list[socket.socket]) -> None:
    port = port_of(group[0])
    unclear: list[dict[str, Any]] = [{}, {"port": port, "sockets": group}]
    for where in unclear:
        with pytest.raises(TypeError, match="either `port` or `sockets`"):
            syrup.attach(policy(PASS), **where)
    impossible: list[dict[str, Any]] = [{"port": 0}, {"port": 65536}, {"port": port, "hook": "nowhere"}]
    for where in impossible:
        with pytest.raises(syrup.UsageError):
            syrup.attach(policy(PASS), **where)
    with pytest.raises(ValueError, match="empty"):
        syrup.attach(policy(PASS), sockets=[])
    with pytest.raises(TypeError, match="not a int"):
        syrup.attach(7, port=port)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["", "a.b", "a/b", "..", "x" * 65])
def test_names_that_a_pin_cannot_have(group: list[socket.socket], name: str, tmp_path: Path) -> None:
    assert refusal(port=port_of(group[0]), pin=name, bpffs=tmp_path).code == "SYR707"
