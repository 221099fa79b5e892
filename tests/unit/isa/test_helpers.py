"""Helpers whose answers the conformance tests do not reach: decisions, printing, strings, memory."""

from __future__ import annotations

from dataclasses import replace

import pytest

from syrupc.isa.machine import (
    ExecutorMap,
    MachineError,
    Shape,
    UnmodelledError,
    cgroup_skb,
    make_map,
    maps,
    sched_cls,
    sk_reuseport,
    xdp,
)
from syrupc.isa.machine.contexts import Socket
from syrupc.isa.machine.memory import UnmodelledStepError
from syrupc.isa.machine.printf import render
from tests.unit.isa.runs import DATAGRAM, returned, run, stack

ENOENT = (1 << 64) - 2
EFAULT = (1 << 64) - 14
EINVAL = (1 << 64) - 22


def executors(type: int, *live: int) -> ExecutorMap:
    made = make_map(Shape(type, 4, 8 if type == maps.REUSEPORT_SOCKARRAY else 4, 4, name="executors"))
    assert isinstance(made, ExecutorMap)
    made.fill(live)
    return made


SELECT = stack({-8: 2}) + "\nr2 = map(0) ll\nr3 = r10\nr3 += -8\nr4 = 0\ncall 82\nexit"


def test_a_live_socket_is_chosen_and_a_dead_one_is_not() -> None:
    sockets = executors(maps.REUSEPORT_SOCKARRAY, 0, 2)
    chosen = run(SELECT, sockets)
    assert (chosen.r0, chosen.target and (chosen.target.map, chosen.target.index)) == (0, (sockets, 2))
    sockets.delete((2).to_bytes(4, "little"))
    dead = run(SELECT, sockets)
    assert (dead.r0, dead.target) == (ENOENT, None)


def test_a_decision_needs_executors() -> None:
    with pytest.raises(MachineError, match="map numbers of type 2 holds no executors"):
        run(SELECT, make_map(Shape(maps.ARRAY, 4, 4, 4, name="numbers")))


REDIRECT = "r1 = map(0) ll\nr2 = {index}\nr3 = {flags}\ncall 51\nexit"


def test_a_frame_is_redirected_to_a_live_executor_only() -> None:
    queues = executors(maps.CPUMAP, 1)
    sent = run(REDIRECT.format(index=1, flags=2), queues, context=xdp(DATAGRAM))
    assert (sent.r0, sent.target and sent.target.index) == (4, 1)
    passed = run(REDIRECT.format(index=3, flags=2), queues, context=xdp(DATAGRAM))
    assert (passed.r0, passed.target) == (2, None)
    with pytest.raises(UnmodelledError, match="redirect_map to several devices"):
        run(REDIRECT.format(index=3, flags=8), queues, context=xdp(DATAGRAM))


LOAD = f"""
    {stack({-8: (1 << 64) - 1})}
    r2 = {{offset}}
    r3 = r10
    r3 += -8
    r4 = 4
    {{more}}
    call {{helper}}
    if r0 != 0 goto +1
    r0 = *(u32 *)(r10 - 8)
    exit
"""


def test_what_is_not_linear_is_reached_by_a_helper_only() -> None:
    context = sk_reuseport(DATAGRAM, linear=8)
    assert returned(LOAD.format(offset=30, more="", helper=26), context=context) == int.from_bytes(
        DATAGRAM[30:34], "little"
    )
    assert returned(LOAD.format(offset=37, more="", helper=26), context=context) == EFAULT
    lengths = (
        "r0 = *(u32 *)(r1 + 16)\nr2 = *(u64 *)(r1 + 0)\nr1 = *(u64 *)(r1 + 8)\nr1 -= r2\nr1 <<= 16\nr0 |= r1\nexit"
    )
    assert returned(lengths, context=context) == 8 << 16 | 40
    with pytest.raises(MachineError, match="load of 1 bytes at offset 8 of the packet, which has 8"):
        run("r1 = *(u64 *)(r1 + 0)\nr0 = *(u8 *)(r1 + 8)\nexit", context=context)


def test_headers_before_the_segment_are_reached_from_their_start() -> None:
    context = sk_reuseport(DATAGRAM, head=b"ethernetIPIPIPIP", network=8, linear=8)
    relative = LOAD.format(offset="{}", more="r5 = {}", helper=68)
    assert returned(relative.format(0, 1), context=context) == int.from_bytes(b"IPIP", "little")
    assert returned(relative.format(8, 1), context=context) == int.from_bytes(DATAGRAM[:4], "little")
    assert returned(relative.format(14, 1), context=context) == EFAULT  # past what is linear
    assert returned(relative.format(0, 0), context=context) == EFAULT  # no link-layer header is kept


def test_the_context_of_a_datagram() -> None:
    context = sk_reuseport(DATAGRAM, hash=0xABCD1234, ip_protocol=17, eth_protocol=0x86DD, bind_inany=True)
    fields = {16: 40, 20: 0xDD86, 24: 17, 28: 1, 32: 0xABCD1234}
    assert {at: returned(f"r0 = *(u32 *)(r1 + {at})\nexit", context=context) for at in fields} == fields
    assert returned("r0 = *(u64 *)(r1 + 48)\nexit", context=context) == 0
    assert returned("r1 = *(u64 *)(r1 + 40)\nr0 = *(u32 *)(r1 + 12)\nexit", context=context) == 17
    assert returned("r0 = *(u16 *)(r1 + 34)\nexit", context=context) == 0xABCD


def text_on_stack(text: bytes, at: int) -> dict[int, int]:
    padded = text.ljust((len(text) + 7) // 8 * 8, b"\0")
    return {at + i: int.from_bytes(padded[i : i + 8], "little") for i in range(0, len(padded), 8)}


def test_a_trace_is_kept_and_its_length_returned() -> None:
    form = b"load %d of %x, %s\0"
    text = stack({**text_on_stack(form, -32), **text_on_stack(b"all", -40)})
    result = run(f"{text}\nr1 = r10\nr1 += -32\nr2 = {len(form)}\nr3 = -5\nr4 = 255\nr5 = r10\nr5 += -40\ncall 6\nexit")
    assert result.trace == ("load -5 of ff, all",)
    assert result.r0 == len(result.trace[0])


def test_a_trace_with_an_array_of_values() -> None:
    form = b"%lu\0"
    text = stack({**text_on_stack(form, -8), -16: 7 << 40})
    result = run(f"{text}\nr1 = r10\nr1 += -8\nr2 = 4\nr3 = r10\nr3 += -16\nr4 = 8\ncall 177\nexit")
    assert result.trace == (str(7 << 40),)


def test_a_format_without_an_end_is_refused() -> None:
    assert returned(stack({-8: 0x4141414141414141}) + "\nr1 = r10\nr1 += -8\nr2 = 8\ncall 6\nexit") == EINVAL


FORMATS = {
    b"%d %i %u": ((1 << 32) - 1, (1 << 32) - 2, (1 << 32) - 3, "-1 -2 4294967293"),
    b"%ld %lld %llu": ((1 << 64) - 1, (1 << 64) - 2, (1 << 64) - 3, f"-1 -2 {(1 << 64) - 3}"),
    b"%x|%08X|%lx": (0x1F, 0xABC, 1 << 40, "1f|00000ABC|10000000000"),
    b"%5d|%-5d|%c": (7, 7, 65, "    7|7    |A"),
    b"100%%|%5s|%-5s": (1, 2, 0, "100%|  one|two  "),
}


@pytest.mark.parametrize(("form", "values"), FORMATS.items(), ids=repr)
def test_a_format_is_filled_as_the_kernel_fills_it(form: bytes, values: tuple[int, int, int, str]) -> None:
    strings = {1: b"one", 2: b"two"}
    assert render(form, values[:3], lambda address: strings[address]).decode() == values[3]


@pytest.mark.parametrize("form", [b"%p", b"%f", b"%pI4", b"%"])
def test_a_format_that_depends_on_the_kernel_is_not_modelled(form: bytes) -> None:
    with pytest.raises(UnmodelledStepError, match="a conversion"):
        render(form, [1], lambda _address: b"")


PRINT = "\nr1 = r10\nr1 += -16\nr2 = 9\ncall 6\nexit"


def test_a_format_does_not_read_an_argument_that_is_not_there() -> None:
    with pytest.raises(MachineError, match="slot 9: a format string asks for an argument that holds nothing"):
        run(stack(text_on_stack(b"is it %d\0", -16)) + PRINT)
    assert returned(stack(text_on_stack(b"%d%d%d%d\0", -16)) + PRINT) == EINVAL


@pytest.mark.parametrize(
    ("first", "second", "size", "expected"),
    [
        (b"get", b"get", 8, 0),
        (b"get", b"gets", 8, -1),
        (b"gets", b"get", 8, 1),
        (b"get", b"gets", 3, 0),
        (b"", b"a", 8, -1),
    ],
)
def test_strings_are_compared(first: bytes, second: bytes, size: int, expected: int) -> None:
    text = stack({**text_on_stack(first + b"\0", -8), **text_on_stack(second + b"\0", -16)})
    result = returned(f"{text}\nr1 = r10\nr1 += -8\nr2 = {size}\nr3 = r10\nr3 += -16\ncall 182\nexit")
    assert result == expected % (1 << 64)


PROBE = (
    stack({-8: 0xABCD})
    + "\nr1 = r10\nr1 += -8\nr2 = 2\nr3 = {}\ncall 113\nr1 = *(u16 *)(r10 - 8)\nr1 <<= 32\nr0 ^= r1\nexit"
)


def test_reading_through_null_fails_and_clears() -> None:
    assert returned(PROBE.format("0")) == EFAULT


def test_reading_what_the_program_knows_copies_it() -> None:
    assert returned(PROBE.replace("r3 = {}", "r3 = r10\nr3 += -7")) == 0xAB << 32


def test_reading_kernel_memory_is_not_modelled() -> None:
    with pytest.raises(UnmodelledError, match="reading kernel memory"):
        run(PROBE.replace("r3 = {}", "r3 = 0xffff888000001234 ll"))


SOCKET = "r1 = *(u64 *)(r1 + 168)\ncall {}\nif r0 == 0 goto +1\nr0 = 1\nexit"


def test_a_socket_is_full_and_not_tcp() -> None:
    context = cgroup_skb(bytes(64))
    assert returned(SOCKET.format(95), context=context) == 1
    assert returned(SOCKET.format(96), context=context) == 0
    with pytest.raises(MachineError, match="stack frame 0 given to a helper in place of a socket"):
        run("r1 = r10\ncall 95\nexit", context=context)


def test_the_fields_of_a_tcp_socket_are_not_modelled() -> None:
    context = replace(cgroup_skb(bytes(64)), socket=Socket(protocol=6))
    with pytest.raises(UnmodelledError, match="the fields of a TCP socket"):
        run(SOCKET.format(96), context=context)


def test_a_perf_event_array_has_no_events() -> None:
    events = make_map(Shape(maps.PERF_EVENT_ARRAY, 4, 4, 2))
    text = stack({-8: 0}) + "\nr2 = map(0) ll\nr3 = {}\nr4 = r10\nr4 += -8\nr5 = 8\ncall 25\nexit"
    e2big = (1 << 64) - 7
    flags = {"0": ENOENT, "5": e2big, "0xffffffff ll": ENOENT, "0x10000000000000 ll": EINVAL}
    assert {each: returned(text.format(each), events) for each in flags} == flags
    with pytest.raises(UnmodelledError, match="with bytes of the packet"):
        run(text.format("0x100000000 ll"), events)


def test_a_second_vlan_tag_is_not_modelled() -> None:
    push = "r2 = 0xa888\nr3 = 5\ncall 18\n"
    context = sched_cls(bytes(64))
    read = "r0 = *(u32 *)(r6 + 28)\nr1 = *(u32 *)(r6 + 24)\nr0 <<= 16\nr0 |= r1\nexit"
    assert returned(f"r6 = r1\n{push}{read}", context=context) == 0xA888 << 16 | 5
    with pytest.raises(UnmodelledError, match="a second VLAN tag"):
        run(f"r6 = r1\n{push}r1 = r6\n{push}r0 = 0\nexit", context=context)
