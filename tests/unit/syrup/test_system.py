"""What the door to the kernel reads from text files, and what it owns."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from syrup._sys import bpf, bpffs, processes, sockets
from syrup._sys.capabilities import Capability, parse
from syrup._sys.cpus import count_list, possible_cpus
from syrup._sys.fd import Fd, keep_from_children
from syrup._sys.maps import Shape, stride


@pytest.mark.parametrize(("text", "count"), [("0\n", 1), ("0-3\n", 4), ("0-1,4,6-7", 5), ("0-127", 128)])
def test_a_list_of_cpus_is_counted(text: str, count: int) -> None:
    assert count_list(text) == count


@pytest.mark.parametrize(
    ("mask", "found"),
    [
        ("0000000000000000", set()),
        ("0000008000000000", {Capability.CAP_BPF}),
        ("000001ffffffffff", set(Capability)),
        ("0000000000281000", {Capability.CAP_NET_ADMIN, Capability.CAP_SYS_PTRACE, Capability.CAP_SYS_ADMIN}),
    ],
)
def test_the_effective_capabilities_are_read(mask: str, found: set[Capability]) -> None:
    assert parse(f"Name:\tx\nCapPrm:\tffffffffffffffff\nCapEff:\t{mask}\nCapBnd:\t0\n") == found


MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/vda rw
23 22 0:21 / /sys rw,nosuid - sysfs sysfs rw
24 23 0:30 / /sys/fs/bpf rw - sysfs sysfs rw
25 24 0:31 / /sys/fs/bpf rw,nosuid shared:5 - bpf bpf rw,mode=700
26 22 0:32 / /mnt/a\\040b rw - bpf none rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "ext4"),
        ("/sys/fs", "sysfs"),
        ("/sys/fs/bpf", "bpf"),
        ("/sys/fs/bpf/syrup/x", "bpf"),
        ("/sys/fs/bpfx", "sysfs"),
        ("/mnt/a b/x", "bpf"),
    ],
)
def test_the_file_system_of_a_path_is_the_last_mounted_there(path: str, kind: str) -> None:
    assert bpffs._file_system(Path(path), MOUNTS) == kind


def test_a_descriptor_is_closed_once() -> None:
    read, write = os.pipe()
    with Fd(read) as owned:
        assert owned.fileno() == read
    again = os.dup(write)  # takes the number that is free now
    owned.close()
    os.fstat(again)
    os.close(again)
    os.close(write)
    assert owned.closed
    with pytest.raises(ValueError, match="closed"):
        owned.fileno()


def test_a_forgotten_descriptor_is_closed() -> None:
    read, write = os.pipe()
    os.close(write)
    Fd(read)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(read)


def test_a_descriptor_can_be_kept_from_children() -> None:
    read, write = os.pipe()
    with Fd(read) as kept, Fd(write) as other:
        keep_from_children(kept)
        child = os.fork()
        if child == 0:
            os._exit(kept.closed and not other.closed)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
        assert not kept.closed


def test_no_descriptor_is_negative() -> None:
    with pytest.raises(ValueError, match="-1"):
        Fd(-1)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("serving", b"serving"), ("a_rather_long_name", b"a_rather_long_n"), (".rodata", b".rodata"), ("ä-b", b"__b")],
)
def test_names_fit_the_kernels(name: str, shown: bytes) -> None:
    assert bpf.object_name(name) == shown


@pytest.mark.parametrize(("size", "step"), [(1, 8), (2, 8), (4, 8), (8, 8), (9, 16)])
def test_values_in_array_memory_are_eight_bytes_apart(size: int, step: int) -> None:
    assert stride(size) == step


def test_a_per_cpu_value_is_exchanged_for_all_cpus() -> None:
    assert Shape(6, 4, 4, 1).stored_size == 8 * possible_cpus()
    assert Shape(2, 4, 4, 1).stored_size == 4


def test_the_holders_of_a_socket_are_found() -> None:
    with socket.socket() as one, socket.socket() as two:
        copy = os.dup(one.fileno())
        inodes = [os.fstat(each.fileno()).st_ino for each in (one, two)]
        found = processes.scan(inodes).holders
        os.close(copy)
        assert [(h.pid, h.fd) for h in found[inodes[0]]] == [(os.getpid(), one.fileno()), (os.getpid(), copy)]
        assert [h.fd for h in found[inodes[1]]] == [two.fileno()]


def test_a_borrowed_descriptor_is_the_same_socket() -> None:
    with socket.socket() as one:
        (holder,) = processes.scan([os.fstat(one.fileno()).st_ino]).holders[os.fstat(one.fileno()).st_ino]
        with processes.borrow(holder) as borrowed:
            assert borrowed.fileno() != one.fileno()
            assert sockets.cookie(borrowed.fileno()) == sockets.cookie(one.fileno())


def test_nothing_is_borrowed_from_a_process_that_is_another_now() -> None:
    with socket.socket() as one:
        own = processes.Holder(processes.start_time(os.getpid()), os.getpid(), one.fileno())
        for gone in (
            processes.Holder(own.started + 1, own.pid, own.fd),
            processes.Holder(own.started, own.pid, 1 << 20),
            processes.Holder(own.started, 1 << 22, own.fd),
        ):
            with pytest.raises(processes.GoneError):
                processes.borrow(gone)


def test_borrowing_does_not_make_the_socket_non_blocking() -> None:
    socket.setdefaulttimeout(5)
    try:
        with socket.socket() as one:
            one.setblocking(True)
            (holder,) = processes.scan([os.fstat(one.fileno()).st_ino]).holders[os.fstat(one.fileno()).st_ino]
            with processes.borrow(holder) as borrowed:
                sockets.cookie(borrowed.fileno())
                sockets.reuse_port(borrowed.fileno())
            assert os.get_blocking(one.fileno())
    finally:
        socket.setdefaulttimeout(None)


def test_a_file_is_no_socket() -> None:
    with Path("/dev/null").open() as null, socket.socket() as one:
        assert (sockets.is_socket(null.fileno()), sockets.is_socket(one.fileno())) == (False, True)


def test_commands_are_shown_on_one_line() -> None:
    assert processes.command(os.getpid())
    assert processes.command(os.getpid()).isprintable()
    assert processes.command(1 << 22) == "?"
