"""A policy over a service of processes that know nothing of it: deaths on either side, and traffic all along."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

import syrup
from syrup._sys import diag, objects, processes
from syrupc.spec import U32, U64, MapKind, MapSpec
from tests.kernel.handmade import ROUND_ROBIN, always, by_first_byte, policy
from tests.kernel.services import DEADLINE, client, joining, until, workers

pytestmark = pytest.mark.bpf

ATTACHER = Path(__file__).with_name("attacher.py")
TURN = MapSpec("turn", MapKind.ARRAY, U32, U64, 1)
DATAGRAMS = 20_000


def answers(port: int, flows: int = 32) -> set[int]:
    """Who answers to so many flows; fails if one is not answered."""
    found = set()
    for _ in range(flows):
        with client(port) as ask:
            found.add(ask(b"\0"))
    return found


@contextmanager
def attacher(port: int, *options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process that has attached `always(1)` to the port, and the child that it has forked, if any."""
    command = [sys.executable, str(ATTACHER), str(port), *options]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process, int(process.stdout.readline())
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(DEADLINE)


def test_executors_are_in_the_order_of_the_processes_start() -> None:
    with workers(4) as (port, started), syrup.attach(policy(by_first_byte()), port=port) as link:
        assert [e.holder.pid for e in link.executors] == [w.process.pid for w in started]
        with client(port) as ask:
            assert [ask(bytes([index])) for index in range(4)] == [0, 1, 2, 3]


def test_the_death_of_the_attacher_gives_the_default_back() -> None:
    with workers(4) as (port, _), attacher(port) as (process, _child):
        assert answers(port) == {1}
        process.kill()
        process.wait(DEADLINE)
        until(lambda: len(answers(port)) > 1, "the default decides")


def test_a_child_of_the_attacher_does_not_keep_the_policy_alive() -> None:
    with workers(4) as (port, _), attacher(port, "fork") as (process, child):
        process.kill()
        process.wait(DEADLINE)
        assert processes.start_time(child)
        until(lambda: len(answers(port)) > 1, "the default decides")


def test_after_the_death_of_an_attacher_another_attaches() -> None:
    with workers(4) as (port, _):
        with attacher(port) as (process, _child):
            process.kill()
            process.wait(DEADLINE)
        with syrup.attach(policy(always(2)), port=port):
            assert answers(port) == {2}


def test_a_second_attach_is_refused_and_says_who_has_the_group() -> None:
    with workers(4) as (port, _), attacher(port) as (process, _child):
        with pytest.raises(syrup.AttachError) as refusal:
            syrup.attach(policy(always(2)), port=port)
        found = refusal.value.diagnostics[0]
        assert found.code == "SYR705"
        assert f"process {process.pid} " in found.notes[0]
        assert answers(port) == {1}


def test_a_borrowed_socket_is_closed_at_once() -> None:
    with workers(3) as (port, started), syrup.attach(policy(always(0)), port=port):
        started[0].kill()
        until(lambda: len(sockets_at(port)) == 2, "the dead worker's socket is closed")


def sockets_at(port: int) -> list[int]:
    return [row.cookie for row in diag.listening(17) if row.port == port]


def test_a_worker_that_dies_leaves_no_black_hole() -> None:
    with workers(3) as (port, started), syrup.attach(policy(by_first_byte()), port=port) as link:
        started[1].kill()
        with client(port) as ask:
            served = [ask(bytes([number % 3])) for number in range(30)]
        assert {served[i] for i in range(0, 30, 3)} == {0}
        assert {served[i] for i in range(2, 30, 3)} == {2}
        assert 1 not in served
        stats = link.stats()
        assert stats.executors == (10, 0, 10)
        assert [str(fault) for fault in stats.faults] == ["handmade.py:7 NoExecutor 10"]


def test_a_stopped_worker_gets_its_share_when_it_goes_on() -> None:
    with workers(2) as (port, started), syrup.attach(policy(always(1)), port=port), client(port) as ask:
        os.kill(started[1].process.pid, signal.SIGSTOP)
        with ThreadPoolExecutor(1) as pool:
            answer = pool.submit(ask, b"patience")
            os.kill(started[1].process.pid, signal.SIGCONT)
            assert answer.result(DEADLINE) == 1


def test_every_datagram_is_answered_while_policies_are_replaced() -> None:
    with workers(3) as (port, _), ThreadPoolExecutor(1) as pool:
        versions = [policy(ROUND_ROBIN.format(workers=3), maps=[TURN]), policy(always(2), maps=[TURN])]
        with syrup.attach(versions[0], port=port) as link:
            traffic = pool.submit(ask_often, port, DATAGRAMS)
            swaps = 0
            while not traffic.done():
                swaps += 1
                link.replace(versions[swaps % 2])
            assert traffic.result() == DATAGRAMS
            assert swaps > 1
            assert link.maps.turn[0] > 0


def test_every_datagram_is_answered_while_policies_come_and_go() -> None:
    with workers(3) as (port, _), ThreadPoolExecutor(1) as pool:
        traffic = pool.submit(ask_often, port, DATAGRAMS // 4)
        while not traffic.done():
            syrup.attach(policy(always(2)), port=port).close()
        assert traffic.result() == DATAGRAMS // 4


def ask_often(port: int, count: int) -> int:
    """Ask so many times; how many were answered (a lost one raises `TimeoutError`)."""
    with client(port) as ask:
        for number in range(count):
            ask(number.to_bytes(4, "little"))
    return count


def test_datagrams_of_any_length_are_answered() -> None:
    with workers(2) as (port, _), syrup.attach(policy(by_first_byte()), port=port) as link, client(port) as ask:
        for size in (0, 1, 2, 7, 8, 9, 1400):
            ask(b"\1" * size)
        assert link.stats().faulted == 1
        assert link.stats().executors == (0, 6)


def test_detaching_goes_through_a_socket_that_came_later() -> None:
    with workers(2) as (port, started):
        link = syrup.attach(policy(always(0)), port=port)
        with joining(port, 2):
            for each in started:
                each.kill()
            until(lambda: len(sockets_at(port)) == 2, "the first workers' sockets are closed")
            assert link.active is True
            stub = link.record.groups[0].stub
            link.close()
            assert not program_exists(stub)


def program_exists(number: int) -> bool:
    fd = objects.program_by_id(number)
    if fd is not None:
        fd.close()
    return fd is not None
