"""The definition of the language: whatever a policy says, all ways of running it agree, and every kernel takes it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from syrupc.datagram import Datagram
from tests.properties.programs import HEADER, datagrams, policies, readers
from tests.properties.threeways import Group, Interpreter, Kernel, Python, compiled, loopback_group

several = st.lists(datagrams(), min_size=2, max_size=5)
any_policy = st.one_of(policies(), readers())
# A program that is too costly is walked up to the kernel's own limit, which takes Python half a minute.
pytestmark = pytest.mark.timeout(900)
_unhurried = settings(deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)


@pytest.fixture(scope="module")
def group() -> Iterator[Group]:
    with loopback_group() as made:
        yield made


def _policy(*lines: str) -> str:
    return "\n".join((*HEADER, *("    " + line for line in lines))) + "\n"


# What LLVM makes of an atomic addition whose result is used is right only with the stronger memory order.
_FETCH_ADD = _policy("wide.fetch_add(0, 2)", "return wide.fetch_add(0, 3) + pkt.payload.u8(0)")
# A signed quotient is rounded down, and the remainder has the sign of the divisor.
_FLOOR = _policy("a = 5 - pkt.payload.u8(0)", "signed[0] = a // -3", "signed[1] = a % -3", "return 1")
_SHIFT = _policy("a = 1 << pkt.payload.u8(0)", "signed[0] = a", "signed[1] = -a >> pkt.payload.u8(0)", "return 1")
# Data beyond the first 16 KiB or so of a datagram lie in pages on loopback, and the program reaches none by pointer.
_LARGE = _policy(
    "signed[0] = int(pkt.payload.startswith(b'get '))",
    "signed[1] = int(pkt.payload[-4:] == b'tail') + 2 * (pkt.payload[1499:1504] == b'split')",
    "signed[2] = int(pkt.payload[len(pkt.payload) // 2 :] != b'tail')",
    "signed[3] = pkt.payload.find(b'\\n', max=2000)",
    "return 1",
)
_TEXT = (b"get key" + bytes(1492) + b"split\n").ljust(1996, b"\1") + b"tail"
_LARGE_DATAGRAMS = [
    *(Datagram(_TEXT[:size]) for size in (0, 3, 4, 1503, 1504, 1505, 2000)),
    *(Datagram(_TEXT, linear=8 + size) for size in (0, 3, 1500, 1504, 1996, 1999)),
    *(Datagram(_TEXT.ljust(size - 4, b"x") + b"tail", linear=8) for size in (20_000, 60_000)),
    Datagram(_TEXT.ljust(59_996, b"x") + b"tail", source="::1", linear=8),
]


@settings(_unhurried, max_examples=120)
@given(any_policy, several)
@example(_FETCH_ADD, [Datagram(b"\0"), Datagram(b"\1")])
@example(_FLOOR, [Datagram(bytes([n])) for n in range(12)])
@example(_LARGE, _LARGE_DATAGRAMS)
@example(_SHIFT, [Datagram(bytes([n])) for n in (0, 1, 63, 64, 255)])
def test_bytecode_decides_as_python_does(text: str, inputs: list[Datagram]) -> None:
    verified = compiled(text, "5.15")
    if verified is None:
        return
    python, interpreter = Python(text), Interpreter(verified)
    for datagram in inputs:
        assert python.run(datagram) == interpreter.run(datagram)


@settings(_unhurried, max_examples=25)
@given(policies(), several)
def test_instruction_set_changes_no_result(text: str, inputs: list[Datagram]) -> None:
    old, new = compiled(text, "5.15"), compiled(text, "6.18")
    if old is None or new is None:  # of the wrong types, or too costly for the older kernel
        return
    with_v3, with_v4 = Interpreter(old), Interpreter(new)
    for datagram in inputs:
        assert with_v3.run(datagram) == with_v4.run(datagram)


@pytest.mark.bpf
@settings(_unhurried, max_examples=60)
@given(any_policy, several)
@example(_FETCH_ADD, [Datagram(b"\0"), Datagram(b"\1")])
@example(_FLOOR, [Datagram(bytes([n])) for n in range(12)])
@example(_LARGE, _LARGE_DATAGRAMS)
def test_kernel_takes_what_is_verified_and_decides_alike(group: Group, text: str, inputs: list[Datagram]) -> None:
    # The flow hash is the kernel's own: the client cannot choose it.
    text = text.replace("pkt.flow_hash", "pkt.src_port")
    verified = compiled(text, "5.15")
    if verified is None:
        return
    interpreter, kernel = Interpreter(verified), Kernel(verified, group)
    try:
        for datagram in inputs:
            sent = group.as_sent(datagram)
            assert interpreter.run(sent) == kernel.run(sent)
    finally:
        kernel.close()
