"""Back-to-back datagrams to a reuse-port group of our own, and what the kernel says each decision took."""

from __future__ import annotations

import ctypes
import os
import random
import socket
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import ClassVar, Final

from syrup._sys import maps, objects, programs, sockets, uapi
from syrupc.isa.assembly import parse_program
from syrupc.isa.codec import encode

HOST: Final = "127.0.0.1"
_BURSTS: Final = 5
_AT_ONCE: Final = 1024  # UIO_MAXIOV


class _Part(ctypes.Structure):
    """struct iovec"""

    _fields_: ClassVar = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


class _Header(ctypes.Structure):
    """struct msghdr"""

    _fields_: ClassVar = [
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("parts", ctypes.POINTER(_Part)),
        ("part_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    ]


class _Message(ctypes.Structure):
    """struct mmsghdr"""

    _fields_: ClassVar = [("header", _Header), ("sent", ctypes.c_uint32)]


_libc: Final = ctypes.CDLL(None, use_errno=True)


class Burst:
    """Datagrams made ready for sendmmsg(2): many a system call, so that little but the kernel's path is between two."""

    def __init__(self, payloads: Sequence[bytes], port: int) -> None:
        self._buffers = [ctypes.create_string_buffer(payload, len(payload)) for payload in payloads]
        self._address = ctypes.create_string_buffer(struct.pack("=H", socket.AF_INET) + _in_network_order(port), 16)
        self._parts = (_Part * len(payloads))(*(_Part(ctypes.addressof(b), len(b)) for b in self._buffers))
        self._messages = (_Message * len(payloads))()
        for message, part in zip(self._messages, self._parts, strict=True):
            message.header = _Header(ctypes.addressof(self._address), 16, ctypes.pointer(part), 1)

    def send(self, sender: socket.socket) -> None:
        """Send all of them."""
        done = 0
        while done < len(self._messages):
            count = min(_AT_ONCE, len(self._messages) - done)
            sent = _libc.sendmmsg(sender.fileno(), ctypes.byref(self._messages[done]), count, 0)
            if sent < 0:
                code = ctypes.get_errno()
                raise OSError(code, os.strerror(code))
            done += sent


@dataclass(frozen=True, slots=True)
class Subject:
    """A program that decides for a group, by id, and the datagrams that go there."""

    program: int
    burst: Burst


def take_turns(subjects: Mapping[str, Subject], rounds: int) -> dict[str, list[float]]:
    """Each round's ns a decision, by subject: the mean of its fastest burst, which was disturbed least.

    The order is drawn anew for each round: what ran before leaves its traces in the caches.
    """
    names = tuple(subjects)
    samples: dict[str, list[float]] = {name: [] for name in names}
    order = random.Random(1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for round_ in range(-1, rounds):  # the first only warms up
            for name in order.sample(names, len(names)):
                taken = min(_mean_ns(subjects[name], sender) for _ in range(_BURSTS))
                if round_ >= 0:
                    samples[name].append(taken)
    return samples


def _mean_ns(subject: Subject, sender: socket.socket) -> float:
    """The kernel's mean time for a run of the program over a burst, its own measuring included."""
    found = objects.program_by_id(subject.program)
    assert found is not None, "the program is attached"
    with found, programs.enable_run_time_stats():
        before = objects.program_info(found.fileno())
        subject.burst.send(sender)
        after = objects.program_info(found.fileno())
    return (after.run_time_ns - before.run_time_ns) / (after.run_count - before.run_count)


@dataclass(frozen=True, slots=True)
class SilentGroup:
    """Sockets that share a port and are never read."""

    port: int
    sockets: tuple[socket.socket, ...]


NO_DECISION: Final = "r0 = 1\nexit"
"""The shortest program: its time is that of measuring."""


@contextmanager
def by_hand(text: str, group: SilentGroup) -> Iterator[int]:
    """Attach a program in the text form of `syrupc.isa` to a group; its id. `{map}` stands for the group's sockets."""
    shape = maps.Shape(uapi.BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, 4, 8, len(group.sockets))
    with maps.create(shape) as executors:
        for index, sock in enumerate(group.sockets):
            maps.update(executors.fileno(), index.to_bytes(4, "little"), sock.fileno().to_bytes(8, "little"))
        code = encode(parse_program(text.format(map=executors.fileno())))
        kind = uapi.PROGRAM_TYPES["sk_reuseport"]
        with programs.load(programs.ProgramCode(kind, "by_hand", code, "GPL")) as program:
            sockets.attach_reuseport(group.sockets[0].fileno(), program.fileno())
            yield objects.program_info(program.fileno()).id


@contextmanager
def silent_group(count: int) -> Iterator[SilentGroup]:
    with ExitStack() as stack:
        first = stack.enter_context(_bound(0))
        port = first.getsockname()[1]
        others = [stack.enter_context(_bound(port)) for _ in range(count - 1)]
        yield SilentGroup(port, (first, *others))


def _bound(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.bind((HOST, port))
    return sock


def _in_network_order(port: int) -> bytes:
    return port.to_bytes(2, "big") + socket.inet_aton(HOST)
