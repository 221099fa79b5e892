"""The contract of a link, at the socket hook: attach, count, replace, detach, and the system's default afterwards."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import syrup
from syrup._sys import objects
from syrupc.spec import U32, U64, MapKind, MapSpec
from tests.kernel.handmade import DROP, PASS, ROUND_ROBIN, always, by_first_byte, policy, refused
from tests.kernel.services import HOST, own_group, port_of, send, spread, udp_socket, until, waiting

pytestmark = pytest.mark.bpf

TURN = MapSpec("turn", MapKind.ARRAY, U32, U64, 1)
ROUND_ROBIN_OF_3 = policy(ROUND_ROBIN.format(workers=3), name="round_robin", maps=[TURN])


@pytest.fixture
def group() -> Iterator[list[socket.socket]]:
    with own_group(3) as sockets:
        yield sockets


def maps_of(link: syrup.Link) -> list[int]:
    """The kernel's ids of everything that a link keeps."""
    (place,) = link._places
    kept = [place.attachment.slot, place.attachment.executor_map, place.counters, link._published]
    return [objects.map_info(fd.fileno()).id for fd in kept]


def test_decisions_go_to_the_sockets_by_index(group: list[socket.socket]) -> None:
    with syrup.attach(policy(by_first_byte()), port=port_of(group[0])):
        send(port_of(group[0]), [b"\0", b"\2", b"\2", b"\1", b"\2"])
        assert waiting(group) == [1, 1, 3]


def test_sockets_of_one_process_are_numbered_by_their_descriptors(group: list[socket.socket]) -> None:
    with syrup.attach(policy(PASS), port=port_of(group[0])) as link:
        assert [s.fileno() for s in group] == [e.holder.fd for e in link.executors]
        assert [e.index for e in link.executors] == [0, 1, 2]


def test_given_sockets_are_numbered_in_the_order_given(group: list[socket.socket]) -> None:
    with syrup.attach(policy(always(0)), sockets=group[::-1]):
        send(port_of(group[0]), [b"x"] * 4)
        assert waiting(group) == [0, 0, 4]


def test_some_sockets_of_a_group_may_be_given(group: list[socket.socket]) -> None:
    with syrup.attach(policy(always(0)), sockets=group[2:]) as link:
        send(port_of(group[0]), [b"x"] * 4)
        assert waiting(group) == [0, 0, 4]
        assert len(link.executors) == 1


def test_statistics_count_executors_pass_drop_and_faults(group: list[socket.socket]) -> None:
    port = port_of(group[0])
    with syrup.attach(policy(by_first_byte()), port=port) as link:
        send(port, [b"\1", b"\1", b"\0", b"", b"\x09"])
        stats = link.stats()
        assert stats.executors == (1, 2, 0)
        assert [str(fault) for fault in stats.faults] == ["handmade.py:7 NoExecutor 2"]
        assert (stats.passed, stats.dropped, stats.faulted, stats.decisions) == (0, 0, 2, 5)
        link.replace(policy(PASS))
        send(port, [b"x"] * 3)
        assert (link.stats().passed, link.stats().decisions) == (3, 3)


NEWER = Path(__file__).parents[1] / "policies" / "newer.py"


def test_a_policy_for_a_newer_kernel_decides_where_that_is_asked_for(group: list[socket.socket]) -> None:
    port = port_of(group[0])
    with pytest.raises(syrup.CompileError, match="has no Bloom"):
        syrup.attach(NEWER, port=port)
    with syrup.attach(NEWER, port=port, kernel="6.1") as link:
        send(port, [b"x"])
        assert waiting(group) == [1, 0, 0]
        assert (link.stats().executors, link.stats().passed) == ((1, 0, 0), 0)
    policy = syrup.compile(NEWER, kernel="6.1")
    with syrup.attach(policy, port=port) as link:
        assert link.stats().decisions == 0
        link.replace(syrup.compile(NEWER, kernel="6.6"))


def test_a_dropped_datagram_reaches_nobody_and_its_sender_is_told(group: list[socket.socket]) -> None:
    with (
        syrup.attach(policy(DROP), port=port_of(group[0])) as link,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender,
    ):
        sender.connect((HOST, port_of(group[0])))
        sender.send(b"x")
        with pytest.raises(ConnectionRefusedError):
            sender.send(b"x")
        assert waiting(group) == [0, 0, 0]
        assert link.stats().dropped == 1


def test_empty_and_short_datagrams_are_delivered_by_the_default(group: list[socket.socket]) -> None:
    with syrup.attach(policy(by_first_byte()), port=port_of(group[0])) as link:
        send(port_of(group[0]), [b""] * 7)
        assert sum(waiting(group)) == 7
        assert link.stats().faulted == 7


def test_replace_decides_from_the_next_datagram_on(group: list[socket.socket]) -> None:
    port = port_of(group[0])
    with syrup.attach(policy(always(0)), port=port) as link:
        send(port, [b"x"] * 5)
        link.replace(policy(always(2), name="other"))
        send(port, [b"x"] * 4)
        assert waiting(group) == [5, 0, 4]
        assert link.policy == "other"
        assert link.stats().executors == (0, 0, 4)


def test_replace_keeps_maps_of_the_same_declaration(group: list[socket.socket]) -> None:
    with syrup.attach(ROUND_ROBIN_OF_3, port=port_of(group[0])) as link:
        kept = link.maps.turn
        kept[0] = 41
        link.replace(policy(ROUND_ROBIN.format(workers=2), maps=[TURN]))
        assert kept is link.maps.turn
        send(port_of(group[0]), [b"x"])
        assert kept[0] == 42


def test_replace_makes_maps_of_another_declaration_anew(group: list[socket.socket]) -> None:
    longer = MapSpec("turn", MapKind.ARRAY, U32, U64, 2)
    with syrup.attach(ROUND_ROBIN_OF_3, port=port_of(group[0])) as link:
        link.maps.turn[0] = 41
        link.replace(policy(ROUND_ROBIN.format(workers=2), maps=[longer]))
        assert list(link.maps.turn.values()) == [0, 0]


def test_a_rejected_replacement_leaves_the_old_policy_in_place(group: list[socket.socket]) -> None:
    port = port_of(group[0])
    with syrup.attach(policy(always(1), name="good"), port=port) as link:
        with pytest.raises(syrup.InternalError):
            link.replace(refused())
        send(port, [b"x"] * 3)
        assert waiting(group) == [0, 3, 0]
        assert (link.policy, link.stats().executors) == ("good", (0, 3, 0))


def test_a_replacement_with_other_room_for_executors_is_refused(group: list[socket.socket]) -> None:
    with syrup.attach(policy(always(1)), port=port_of(group[0])) as link:
        with pytest.raises(syrup.LoadError) as refusal:
            link.replace(policy(always(1), max_executors=8))
        assert refusal.value.diagnostics[0].code == "SYR603"


def test_closing_gives_the_default_back(group: list[socket.socket]) -> None:
    with syrup.attach(policy(always(1)), port=port_of(group[0])):
        assert not spread(group)
    assert spread(group)


def test_detach_returns_the_last_statistics(group: list[socket.socket]) -> None:
    link = syrup.attach(policy(always(1)), port=port_of(group[0]))
    send(port_of(group[0]), [b"x"] * 3)
    assert link.detach().executors == (0, 3, 0)
    assert link.closed
    assert spread(group)


def test_a_closed_link_says_so(group: list[socket.socket]) -> None:
    link = syrup.attach(policy(always(1)), port=port_of(group[0]))
    link.close()
    link.close()
    for use in (link.stats, link.detach, lambda: link.replace(policy(PASS))):
        with pytest.raises(ValueError, match="closed"):
            use()
    assert link.active is False


def test_nothing_stays_in_the_kernel(group: list[socket.socket]) -> None:
    with syrup.attach(policy(always(1)), port=port_of(group[0])) as link:
        made = maps_of(link)
        assert set(made) <= set(objects.map_ids())
        link.replace(policy(always(2)))
        made += maps_of(link)
    # Maps are freed a grace period after their last descriptor. They are looked for without opening them: opening and
    # closing a program array over and over leaks it (6.18: its clearing takes a reference, also if it is under way).
    until(lambda: set(made).isdisjoint(objects.map_ids()), "the maps are freed")


def test_after_detaching_the_sockets_are_free_at_once(group: list[socket.socket]) -> None:
    for index in range(20):
        with syrup.attach(policy(always(index % 3)), port=port_of(group[0])) as link:
            send(port_of(group[0]), [b"x"])
            assert link.stats().executors[index % 3] == 1


def test_an_unclosed_link_warns_and_gives_the_default_back(group: list[socket.socket]) -> None:
    link = syrup.attach(policy(always(1)), port=port_of(group[0]))
    dropped = [link]
    del link
    with pytest.warns(ResourceWarning, match="never closed"):
        dropped.clear()
    until(lambda: spread(group), "the default decides")


def test_a_link_knows_that_its_group_has_ended() -> None:
    with own_group(2) as sockets:
        link = syrup.attach(policy(always(1)), port=port_of(sockets[0]))
        assert link.active is True
    until(lambda: link.active is False, "the group's end is noticed")
    link.close()


def test_a_program_that_someone_else_attached_is_not_removed(group: list[socket.socket]) -> None:
    first = syrup.attach(policy(always(1)), sockets=group[:2])
    with syrup.attach(policy(always(0)), sockets=group[2:]):
        assert first.active is False
        first.close()
        send(port_of(group[0]), [b"x"] * 3)
        assert waiting(group) == [0, 0, 3]


def test_a_policy_decides_in_every_group_of_the_port() -> None:
    with own_group(2) as here, own_group(2, "127.0.0.2", port_of(here[0])) as there:
        with syrup.attach(policy(always(1), maps=[TURN]), port=port_of(here[0])) as link:
            assert len(link.groups) == 2
            assert [e.index for e in link.executors] == [0, 1, 0, 1]
            assert not spread(here)
            assert not spread(there, "127.0.0.2")
            link.replace(policy(always(0), maps=[TURN]))
            waiting([*here, *there])
            send(port_of(here[0]), [b"x"] * 2)
            send(port_of(here[0]), [b"x"] * 3, "127.0.0.2")
            assert waiting([*here, *there]) == [2, 0, 3, 0]
            assert {2, 3} == set(link.stats().executors) - {0}
        assert spread(here)
        assert spread(there, "127.0.0.2")


def test_an_address_names_one_group_of_the_port() -> None:
    with (
        own_group(2) as here,
        own_group(2, "127.0.0.2", port_of(here[0])) as there,
        syrup.attach(policy(always(1)), port=port_of(here[0]), address="127.0.0.2") as link,
    ):
        assert [group.address for group in link.groups] == ["127.0.0.2"]
        assert spread(here)
        assert not spread(there, "127.0.0.2")


def test_sockets_over_ipv6_are_a_group_too() -> None:
    with (
        own_group(3, "::1") as sockets,
        udp_socket(host="::1") as sender,
        syrup.attach(policy(always(2)), port=port_of(sockets[0])) as link,
    ):
        sender.sendto(b"x", ("::1", port_of(sockets[0])))
        assert waiting(sockets) == [0, 0, 1]
        assert str(link.groups[0]) == f"UDP [::1]:{port_of(sockets[0])}"


def test_the_cost_of_a_decision_is_measured_on_request(group: list[socket.socket]) -> None:
    with syrup.attach(policy(always(1)), port=port_of(group[0])) as link:
        assert link.ns_per_decision(0.0) is None
        with ThreadPoolExecutor(1) as pool:
            sample = pool.submit(link.ns_per_decision, 0.1)
            while not sample.done():
                send(port_of(group[0]), [b"x"] * 100)
        cost = sample.result()
        assert cost is not None
        assert cost > 0


def test_a_forked_child_neither_detaches_nor_keeps_the_policy(group: list[socket.socket]) -> None:
    with syrup.attach(policy(always(1)), port=port_of(group[0])) as link:
        child = os.fork()
        if child == 0:
            link.close()
            os._exit(0)
        os.waitpid(child, 0)
        assert link.active is True
        assert not spread(group)


def test_a_loaded_policy_is_attached_as_it_is(group: list[socket.socket]) -> None:
    with syrup.load(ROUND_ROBIN_OF_3) as loaded:
        turn = loaded.maps.turn
        with syrup.attach(loaded, port=port_of(group[0])) as link:
            assert link.maps.turn is turn
            send(port_of(group[0]), [b"x"] * 3)
            assert waiting(group) == [1, 1, 1]
        assert turn[0] == 3


def test_what_was_unloaded_is_not_attached(group: list[socket.socket]) -> None:
    loaded = syrup.load(policy(PASS))
    loaded.close()
    with pytest.raises(ValueError, match="closed"):
        syrup.attach(loaded, port=port_of(group[0]))


def test_attaching_works_inside_an_event_loop(group: list[socket.socket]) -> None:
    import asyncio

    async def attach() -> tuple[int, ...]:
        with syrup.attach(policy(always(1)), port=port_of(group[0])) as link:
            send(port_of(group[0]), [b"x"])
            return link.stats().executors

    assert asyncio.run(attach()) == (0, 1, 0)


@pytest.fixture
def bpffs(tmp_path: Path) -> Iterator[Path]:
    from tests.kernel.mounts import mounted_bpffs

    with mounted_bpffs(tmp_path / "bpf") as place:
        yield place


def test_a_pinned_policy_outlives_its_link(group: list[socket.socket], bpffs: Path) -> None:
    port = port_of(group[0])
    with syrup.attach(ROUND_ROBIN_OF_3, port=port, pin="web", bpffs=bpffs) as link:
        link.maps.turn[0] = 2
    send(port, [b"x"] * 3)
    assert waiting(group) == [1, 1, 1]
    with syrup.pinned("web", bpffs) as again:
        assert again.maps.turn[0] == 5
        assert again.stats().executors == (1, 1, 1)
        again.replace(policy(always(1), name="next", maps=[TURN]))
    send(port, [b"x"] * 3)
    assert waiting(group) == [0, 3, 0]
    last = syrup.pinned("web", bpffs)
    assert (last.policy, last.maps.turn[0]) == ("next", 5)
    assert last.detach().executors == (0, 3, 0)
    assert spread(group)
    with pytest.raises(syrup.AttachError) as unknown:
        syrup.pinned("web", bpffs)
    assert unknown.value.diagnostics[0].code == "SYR707"


def test_a_second_attach_to_a_pinned_policy_says_how_to_replace_it(group: list[socket.socket], bpffs: Path) -> None:
    port = port_of(group[0])
    with syrup.attach(policy(PASS), port=port, pin="web", bpffs=bpffs):
        with pytest.raises(syrup.AttachError) as occupied:
            syrup.attach(policy(always(1)), port=port)
        (found,) = occupied.value.diagnostics
        assert (found.code, "pin `web`" in found.notes[0]) == ("SYR705", True)
        assert "syrup attach --pin web --replace" in found.help[0]
    syrup.pinned("web", bpffs).detach()


def test_pins_are_for_their_owner_alone(group: list[socket.socket], bpffs: Path) -> None:
    with syrup.attach(policy(PASS), port=port_of(group[0]), pin="web", bpffs=bpffs):
        folder = bpffs / "syrup" / "web"
        assert folder.stat().st_mode & 0o777 == 0o700
        assert {0o600} == {path.stat().st_mode & 0o777 for path in folder.iterdir()}
    syrup.pinned("web", bpffs).detach()


def test_a_pin_name_is_taken_once(group: list[socket.socket], bpffs: Path) -> None:
    with own_group(2) as others, syrup.attach(policy(PASS), port=port_of(group[0]), pin="web", bpffs=bpffs):
        with pytest.raises(syrup.AttachError) as taken:
            syrup.attach(policy(always(1)), port=port_of(others[0]), pin="web", bpffs=bpffs)
        assert taken.value.diagnostics[0].code == "SYR707"
        assert spread(others)
    syrup.pinned("web", bpffs).detach()


def test_pinning_needs_a_bpf_file_system(group: list[socket.socket], tmp_path: Path) -> None:
    with pytest.raises(syrup.AttachError) as refusal:
        syrup.attach(policy(always(1)), port=port_of(group[0]), pin="web", bpffs=tmp_path)
    assert refusal.value.diagnostics[0].code == "SYR708"
    assert "mount -t bpf" in refusal.value.diagnostics[0].help[0]
    assert spread(group)
