"""The context of a test run has the same fields here as in the kernel."""

from __future__ import annotations

import random

import pytest

from syrupc.isa.assembly import parse_program
from syrupc.isa.codec import signed
from syrupc.isa.machine import Image, Machine, MachineError
from tests.conformance import kernel
from tests.conformance.twins import CONTEXTS

pytestmark = pytest.mark.bpf

NOISE = random.Random(5).randbytes(60)
FRAMES = {
    "zeros": bytes(64),
    "to another host": bytes(range(64)),
    "broadcast": b"\xff" * 6 + bytes(58),
    "multicast": b"\x01" + bytes(63),
    "802.3": bytes(14) + b"\xff\xff" + bytes(48),
    "ip4": bytes(12) + b"\x08\x00\x45" + NOISE,
    "ip6": bytes(12) + b"\x86\xdd\x60" + NOISE,
}
POINTERS = {kernel.XDP: (0, 4, 8), kernel.SCHED_CLS: (76, 80, 140), kernel.CGROUP_SKB: (76, 80)}
SIZES = {kernel.XDP: 24}
TYPES = {
    "socket_filter": kernel.SOCKET_FILTER,
    "sched_cls": kernel.SCHED_CLS,
    "cgroup_skb": kernel.CGROUP_SKB,
    "xdp": kernel.XDP,
}


def field(text: str, type: int, frame: bytes) -> int | None:
    try:
        return Machine(Image(parse_program(text))).run(CONTEXTS[type](frame)).retval
    except MachineError:
        return None


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
@pytest.mark.parametrize("type", TYPES.values(), ids=TYPES)
def test_every_field_that_a_program_may_read(type: int, frame: bytes) -> None:
    compared = 0
    for offset in range(0, SIZES.get(type, 192), 4):
        if offset in POINTERS.get(type, ()):
            continue
        load = f"r1 = *(u32 *)(r1 + {offset})"
        here = field(f"{load}\nr0 = r1\nexit", type, frame)
        # Some program types may return 0 or 1 only: the program itself compares.
        compare = f"{load}\nr0 = 0\nif w1 != {signed(here or 0, 32)} goto +1\nr0 = 1\nexit"
        try:
            equal = kernel.run_program(parse_program(compare), frame, type).retval
        except PermissionError:
            continue  # no field there, or none for this type
        compared += 1
        assert (offset, equal) == (offset, 1)
    assert compared >= (2 if type == kernel.XDP else 15)


@pytest.mark.parametrize("frame", [FRAMES["zeros"], FRAMES["ip4"], FRAMES["ip6"]], ids=["zeros", "ip4", "ip6"])
@pytest.mark.parametrize("offset", [4, 8, 12, 16, 20, 24, 28, 40, 52, 56, 68, 72, 76])
def test_every_field_of_the_socket(frame: bytes, offset: int) -> None:
    load = f"""
        r0 = 0
        r1 = *(u64 *)(r1 + 168)
        if r1 == 0 goto done
        call 95
        if r0 == 0 goto done
        r1 = *(u32 *)(r0 + {offset})
    """
    here = field(f"{load}\nr0 = r1\ndone:\nexit", kernel.CGROUP_SKB, frame)
    assert here is not None
    compare = f"{load}\nr0 = 0\nif w1 != {signed(here, 32)} goto done\nr0 = 1\ndone:\nexit"
    assert kernel.run_program(parse_program(compare), frame, kernel.CGROUP_SKB).retval == 1


@pytest.mark.parametrize("type", [kernel.XDP, kernel.SCHED_CLS], ids=["xdp", "sched_cls"])
def test_the_packet_that_data_points_to(type: int) -> None:
    start, end = (0, 4) if type == kernel.XDP else (76, 80)
    text = f"""
        r2 = *(u32 *)(r1 + {start})
        r3 = *(u32 *)(r1 + {end})
        r4 = r2
        r4 += 64
        r0 = 99
        if r4 > r3 goto done
        r0 = *(u32 *)(r2 + 60)
        r3 -= r2
        r0 += r3
    done:
        exit
    """
    frame = FRAMES["to another host"]
    there = kernel.run_program(parse_program(text), frame, type).retval
    assert (there, there) == (field(text, type, frame), int.from_bytes(frame[60:64], "little") + 64)
