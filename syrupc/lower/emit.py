"""LLVM: optimises a module and writes object code, in a child process that may crash.

LLVM ends the process on what its back end cannot select, and there is no exception to catch. So it runs in a forked
child: what ends the child becomes an error in the parent.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import llvmlite.binding as llvm

from syrupc.diagnostics import Diagnostic
from syrupc.errors import InternalError
from syrupc.lower.module import TRIPLE

_DEADLINE_S: Final = 60.0
_MAX_MESSAGE: Final = 4096


@dataclass(frozen=True)
class Emitted:
    """What LLVM made of a module."""

    object_code: bytes
    optimised: str
    assembly: str


def emit(text: str, cpu: str, *, with_text: bool = False) -> Emitted:
    """Optimise LLVM IR and emit it for a BPF cpu ("v3", "v4"). Raises `InternalError` if LLVM fails."""
    return _in_child(lambda: _emit(text, cpu, with_text))


def _emit(text: str, cpu: str, with_text: bool) -> Emitted:
    # Sums that a loop accumulates stay loops: LLVM's closed forms multiply 128 bits, which is a call to a function that
    # BPF does not have. (An option of the process, which is the child's own.)
    llvm.set_option("syrupc", "-replexitval=never")
    machine = _machine(cpu)
    module = llvm.parse_assembly(text)
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = options.slp_vectorization = False
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    optimised = str(module) if with_text else ""
    assembly = machine.emit_assembly(module) if with_text else ""
    return Emitted(machine.emit_object(module), optimised, assembly)


def _machine(cpu: str) -> Any:
    return llvm.Target.from_triple(TRIPLE).create_target_machine(cpu=cpu, opt=2)


def prepare() -> None:
    """Register the back end, once, in the parent, so that children find it ready."""
    global _ready
    if not _ready:
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
        _ready = True


_ready = False


def _in_child(work: Callable[[], Emitted]) -> Emitted:
    prepare()
    reading, writing = os.pipe()
    with os.fdopen(os.memfd_create("llvm messages"), "rb") as messages, warnings.catch_warnings():
        # The child only computes and leaves by `_exit`; it takes no lock that another thread may hold.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
        if child == 0:
            os.dup2(messages.fileno(), 2)
            _run_child(work, writing)
        os.close(writing)
        try:
            answer = _read_all(reading, time.monotonic() + _DEADLINE_S)
        finally:
            os.close(reading)
            os.kill(child, signal.SIGKILL)  # it has answered, has crashed, or takes too long
            os.waitpid(child, 0)
        messages.seek(0)
        said = messages.read(_MAX_MESSAGE).decode(errors="replace").strip()
    return _unpack(answer, said)


def _run_child(work: Callable[[], Emitted], writing: int) -> None:
    try:
        try:
            answer: Any = work()
        except Exception as error:
            answer = f"{type(error).__name__}: {error}"
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(answer, pipe)
    finally:
        os._exit(0)


def _read_all(reading: int, deadline: float) -> bytes:
    """All that the child writes until it closes the pipe; nothing if that takes beyond the deadline."""
    chunks: list[bytes] = []
    while select.select([reading], [], [], max(0.0, deadline - time.monotonic()))[0]:
        chunk = os.read(reading, 1 << 20)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
    return b""


def _unpack(answer: bytes, said: str) -> Emitted:
    if not answer:
        raise _failed(said or "the process of LLVM ended without a message")
    result = pickle.loads(answer)
    if isinstance(result, Emitted):
        return result
    raise _failed(f"{result}\n{said}".strip())


def _failed(what: str) -> InternalError:
    return InternalError(
        Diagnostic(
            "SYR901",
            "LLVM could not compile the policy",
            notes=("stage: emit", what.splitlines()[0]),
            details=(what,),
            help=("please report this policy",),
        )
    )
