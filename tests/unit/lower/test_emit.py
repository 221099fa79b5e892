"""LLVM may end its process: never this one, and the next compilation finds it again."""

from __future__ import annotations

import os
import signal
from multiprocessing.connection import Connection

import pytest

from syrupc.driver import compile_source
from syrupc.errors import InternalError
from syrupc.frontend.source import PolicySource
from syrupc.lower import emit as emitting
from syrupc.lower.emit import emit, stop
from syrupc.options import Options

_GOOD = """
target triple = "bpfel"
define i32 @f() section "sk_reuseport" {
  ret i32 1
}
"""
_FATAL = """
target triple = "bpfel"
define double @f(double %x) section "sk_reuseport" {
  %y = fdiv double %x, 3.0
  ret double %y
}
"""


def _emits() -> bool:
    return emit(_GOOD, "v3").object_code.startswith(b"\x7fELF")


def test_what_ends_llvm_is_an_error_and_the_next_module_is_emitted() -> None:
    with pytest.raises(InternalError) as caught:
        emit(_FATAL, "v3")
    assert "double" in caught.value.diagnostics[0].details[0]
    assert _emits()


def test_what_is_no_module_is_an_error() -> None:
    with pytest.raises(InternalError, match="LLVM could not compile"):
        emit("this is no module", "v3")
    assert _emits()


# The remainder's divisor is a power of nothing: LLVM's peephole pass drops an extension that the quotient still uses.
_FAILS_IN_PEEPHOLE = """
import syrup
from syrup import u8


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    a = pkt.payload.u32(0)
    c = pkt.payload.u8(0)
    if a < 2 * c:
        u8(pkt.ip6.hop_limit)
    return a // -3
"""


@pytest.mark.parametrize("kernel", ["5.15", "6.18"])
def test_what_llvm_fails_in_is_left_out(kernel: str) -> None:
    source = PolicySource("p.py", _FAILS_IN_PEEPHOLE)
    first, again = (compile_source(source, Options(kernel=kernel)).object.data for _ in range(2))
    assert first == again
    assert _emits()


def test_process_that_is_gone_is_started_again() -> None:
    assert _emits()
    first = emitting._process
    assert first is not None
    os.kill(first.child.pid, signal.SIGKILL)
    first.child.wait()
    assert _emits()
    assert emitting._process is not first


def test_answer_of_an_interrupted_request_is_not_given_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> bool:
        raise KeyboardInterrupt

    assert _emits()
    with monkeypatch.context() as patched:
        patched.setattr(Connection, "poll", interrupted)
        with pytest.raises(KeyboardInterrupt):
            emit(_GOOD.replace("i32 1", "i32 77"), "v3")

    assert "w0 = 1\n" in emit(_GOOD, "v3", with_text=True).assembly


def test_nothing_stays_after_stop() -> None:
    assert _emits()
    process = emitting._process
    assert process is not None
    stop()
    assert emitting.descriptors() == frozenset()
    assert process.child.returncode is not None
    assert _emits()


def test_forked_process_has_its_own() -> None:
    assert _emits()
    parent = emitting._process
    assert parent is not None
    child = os.fork()
    if child == 0:
        own = _emits() and emitting._process is not parent
        stop()
        os._exit(0 if own else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert parent.child.poll() is None
    assert _emits()
    assert emitting._process is parent


def test_python_that_cannot_be_started_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    stop()
    monkeypatch.setattr("sys.executable", "/no/such/python")
    with pytest.raises(InternalError) as caught:
        emit(_GOOD, "v3")
    assert caught.value.diagnostics[0].details == ("`/no/such/python` cannot be started: No such file or directory",)


def test_text_for_people_is_given_on_request_only() -> None:
    assert emit(_GOOD, "v3").assembly == ""
    shown = emit(_GOOD, "v3", with_text=True)
    assert "w0 = 1" in shown.assembly
    assert "define" in shown.optimised
