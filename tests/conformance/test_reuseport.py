"""A reuse-port program sees a real datagram as the interpreter shows it, and its decision is answered alike."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from syrupc.isa.assembly import parse_program
from syrupc.isa.machine import ExecutorMap, Image, Machine, Shape, maps, sk_reuseport
from tests.conformance import kernel
from tests.conformance.twins import Twins, twins

pytestmark = pytest.mark.bpf

SO_ATTACH_REUSEPORT_EBPF = 52
CELLS = 16
REPORT = Shape(maps.ARRAY, 4, 8 * CELLS, 1)
SOCKETS = Shape(maps.REUSEPORT_SOCKARRAY, 4, 8, 4)
FAR = 9000

SEES = f"""
    r6 = r1
    r9 = map_value(0, 0) ll
    r2 = *(u32 *)(r6 + 16)            ; what the context says
    *(u64 *)(r9 + 0) = r2
    r2 = *(u32 *)(r6 + 20)
    *(u64 *)(r9 + 8) = r2
    r2 = *(u32 *)(r6 + 24)
    *(u64 *)(r9 + 16) = r2
    r2 = *(u32 *)(r6 + 28)
    *(u64 *)(r9 + 24) = r2
    r2 = *(u32 *)(r6 + 32)
    *(u64 *)(r9 + 32) = r2
    r2 = *(u64 *)(r6 + 48)
    *(u64 *)(r9 + 40) = r2
    r2 = *(u64 *)(r6 + 0)             ; what is linear
    r3 = *(u64 *)(r6 + 8)
    r4 = r3
    r4 -= r2
    *(u64 *)(r9 + 48) = r4
    r4 = r2
    r4 += 12
    if r4 > r3 goto short
    r4 = *(u32 *)(r2 + 8)
    *(u64 *)(r9 + 56) = r4
short:
    r1 = r6                           ; what helpers reach
    r2 = {FAR}
    r3 = r9
    r3 += 64
    r4 = 8
    call 26
    *(u64 *)(r9 + 72) = r0
    r1 = r6
    r2 = 0
    r3 = r9
    r3 += 80
    r4 = 2
    r5 = 1
    call 68
    *(u64 *)(r9 + 88) = r0
    r1 = r6
    r2 = 0
    r3 = r9
    r3 += 96
    r4 = 1
    r5 = 0
    call 68
    *(u64 *)(r9 + 104) = r0
    *(u32 *)(r10 - 4) = 1             ; what a decision is answered with
    r1 = r6
    r2 = map(1) ll
    r3 = r10
    r3 += -4
    r4 = {{flags}}
    call 82
    *(u64 *)(r9 + 112) = r0
    *(u32 *)(r10 - 4) = {{index}}
    r1 = r6
    r2 = map(1) ll
    r3 = r10
    r3 += -4
    r4 = 0
    call 82
    *(u64 *)(r9 + 120) = r0
    r0 = 1
    exit
"""


@contextmanager
def receiver(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sock.bind((address, 0))
        sock.settimeout(10)
        yield sock


def seen(both: Twins, text: str, payload: bytes, address: str) -> tuple[list[int], bytes]:
    """The report of the program after one datagram, and the datagram with its UDP header."""
    with ExitStack() as stack:
        sock = stack.enter_context(receiver(address))
        program = stack.enter_context(kernel.loaded(both.with_descriptors(parse_program(text)), kernel.SK_REUSEPORT))
        kernel.map_update(both.fds[1], (2).to_bytes(4, "little"), sock.fileno().to_bytes(8, "little"))
        sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, program)
        sender = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        sender.sendto(payload, ("127.0.0.1", sock.getsockname()[1]))
        received, (_, port) = sock.recvfrom(1 << 16)
        assert received == payload
        header = struct.pack(">4H", port, sock.getsockname()[1], 8 + len(payload), 0)
        return report(kernel.map_lookup(both.fds[0], bytes(4), 8 * CELLS)), header + payload


def report(value: bytes) -> list[int]:
    return list(struct.unpack(f"<{CELLS}Q", value))


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
@pytest.mark.parametrize("size", [0, 1, 4, 100, FAR, FAR + 1, 40_000])
@pytest.mark.parametrize(("flags", "index"), [(0, 2), (0, 9), (1, 2)])
def test_a_datagram_and_the_answers_to_decisions(size: int, address: str, flags: int, index: int) -> None:
    text, payload = SEES.format(flags=flags, index=index), bytes(at * 7 % 251 for at in range(size))
    with twins(REPORT, SOCKETS) as both:
        there, datagram = seen(both, text, payload, address)
    # What cannot be known from outside: the flow's hash, and how much of a large datagram is linear.
    flow_hash, linear = there[4], there[6]
    assert 8 <= linear <= len(datagram)
    sockets = both.sims[1]
    assert isinstance(sockets, ExecutorMap)
    sockets.fill([2])
    context = sk_reuseport(
        datagram,
        linear=linear,
        head=bytes(14) + b"\x45\x00" + bytes(18),
        mac=0,
        network=14,
        hash=flow_hash,
        bind_inany=address == "0.0.0.0",
    )
    result = Machine(Image(parse_program(text), dict(enumerate(both.sims)))).run(context)
    here = both.sims[0].lookup(bytes(4))
    assert here is not None
    assert report(here) == there
    assert (result.target and result.target.index) == (2 if index == 2 else None)
