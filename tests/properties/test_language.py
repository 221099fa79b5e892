"""The definition of the language: whatever a policy says, all ways of running it agree, and every kernel takes it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from syrupc.datagram import Datagram
from tests.properties.programs import HEADER, payloads, policies
from tests.properties.threeways import Group, Interpreter, Kernel, Python, compiled, loopback_group

datagrams = st.lists(
    st.builds(Datagram, payloads, st.integers(0, 65535), st.integers(0, 0xFFFFFFFF)), min_size=2, max_size=5
)
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


@settings(_unhurried, max_examples=80)
@given(policies(), datagrams)
@example(_FETCH_ADD, [Datagram(b"\0"), Datagram(b"\1")])
@example(_FLOOR, [Datagram(bytes([n])) for n in range(12)])
@example(_SHIFT, [Datagram(bytes([n])) for n in (0, 1, 63, 64, 255)])
def test_bytecode_decides_as_python_does(text: str, inputs: list[Datagram]) -> None:
    verified = compiled(text, "5.15")
    if verified is None:
        return
    python, interpreter = Python(text), Interpreter(verified)
    for datagram in inputs:
        assert python.run(datagram) == interpreter.run(datagram)


@settings(_unhurried, max_examples=25)
@given(policies(), datagrams)
def test_instruction_set_changes_no_result(text: str, inputs: list[Datagram]) -> None:
    old, new = compiled(text, "5.15"), compiled(text, "6.18")
    if old is None or new is None:  # of the wrong types, or too costly for the older kernel
        return
    with_v3, with_v4 = Interpreter(old), Interpreter(new)
    for datagram in inputs:
        assert with_v3.run(datagram) == with_v4.run(datagram)


@pytest.mark.bpf
@settings(_unhurried, max_examples=40)
@given(policies(), datagrams)
@example(_FETCH_ADD, [Datagram(b"\0"), Datagram(b"\1")])
@example(_FLOOR, [Datagram(bytes([n])) for n in range(12)])
def test_kernel_takes_what_is_verified_and_decides_alike(group: Group, text: str, inputs: list[Datagram]) -> None:
    # The flow hash is the kernel's own: the client cannot choose it.
    text = text.replace("pkt.flow_hash", "pkt.src_port")
    verified = compiled(text, "5.15")
    if verified is None:
        return
    interpreter, kernel = Interpreter(verified), Kernel(verified, group)
    try:
        for datagram in inputs:
            sent = replace(datagram, source_port=group.source_port)
            assert interpreter.run(sent) == kernel.run(sent)
    finally:
        kernel.close()
