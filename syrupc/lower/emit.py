"""Object code from LLVM IR, by a process of its own that may crash.

LLVM ends its process on what its back end cannot select, and there is no exception to catch. So it runs beside this
one; what ends it becomes an error here, and the next request starts it anew. It stays for the next compilation, ends
itself when none comes, and holds nothing of this process but the socket between the two. (A forked child would be
simpler, and costs more than all of LLVM's work, for it copies every page of Numba that either side touches.)
"""

from __future__ import annotations

import atexit
import os
import re
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Final

from syrupc.diagnostics import Diagnostic
from syrupc.errors import InternalError

if TYPE_CHECKING:
    from syrupc.lower.emitter import Emitted, Request

_DEADLINE_S: Final = 60.0
_MAX_MESSAGE: Final = 4096
# What it says where it fails by its own fault.
_ASSERTION: Final = "Assertion `"
# What LLVM says before it ends its process.
_STACK: Final = re.compile(
    r"error: [^\n]*?:(?P<line>\d+):(?P<column>\d+): in function .*: Looks like the BPF stack limit"
)
# The same modules as here, whatever the current folder holds.
_SERVE: Final = "import sys; sys.path[:] = {path!r}; from syrupc.lower.emitter import serve; serve()"


def start() -> None:
    """Start the process, so that it is ready when there is something to emit."""
    with _lock:
        _ready()


class StackExceeded(Exception):  # noqa: N818 -- becomes a diagnostic where the source is known
    """A function needs more stack than programs have; `line` and `column` are where it first shows."""

    def __init__(self, line: int, column: int) -> None:
        super().__init__(line, column)
        self.line, self.column = line, column


def emit(text: str, cpu: str, late: str = "", *, with_text: bool = False, in_order: bool = False) -> Emitted:
    """Optimise LLVM IR and emit it for a BPF cpu ("v3", "v4"), its blocks `in_order` or as LLVM likes them best. Raises
    `StackExceeded`, and `InternalError` if LLVM fails otherwise."""
    from syrupc.lower.emitter import Request  # brings llvmlite

    request = Request(text, late, cpu, with_text, in_order=in_order)
    with _lock:
        answer = _answer(request)
        if isinstance(answer, str) and _ASSERTION in answer:
            answer = _answer(replace(request, careful=True))
    if isinstance(answer, str):
        exceeded = _STACK.search(answer)
        if exceeded:
            raise StackExceeded(int(exceeded["line"]), int(exceeded["column"]))
        raise _failed(answer)
    return answer


def _answer(request: Request) -> Emitted | str:
    """What LLVM made of a module, or what it said when it failed."""
    answer = _ready().ask(request)
    if answer is None:  # it had just ended itself, unasked for long
        answer = _ready().ask(request)
    return "the process of LLVM ended twice" if answer is None else answer


def stop() -> None:
    """End the process; the next request starts another."""
    with _lock:
        _end()


def descriptors() -> frozenset[int]:
    """The file descriptors that the process costs here."""
    return frozenset() if _process is None else _process.descriptors


class _Process:
    """The running process, as its client sees it."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair()
        self.owner = os.getpid()
        self.messages = os.memfd_create("llvm messages")
        with ours, theirs:
            try:
                self.child = _spawn(theirs.fileno(), self.messages)
            except OSError as error:
                os.close(self.messages)
                raise _failed(f"`{sys.executable}` cannot be started: {error.strerror}") from None
            self.connection = Connection(ours.detach())

    @property
    def descriptors(self) -> frozenset[int]:
        return frozenset((self.connection.fileno(), self.messages))

    def ask(self, request: object) -> Emitted | str | None:
        """The answer, or why there is none; None if the process was gone before it was asked."""
        try:
            self.connection.send(request)
            if self.connection.poll(_DEADLINE_S):
                answer: Emitted | str = self.connection.recv()
                return answer
            reason = f"LLVM did not answer within {_DEADLINE_S:.0f} s"
            self.child.kill()
        except (EOFError, OSError):
            reason = ""
        except BaseException:
            _end()  # or the answer, which still comes, would be taken for that of the next request
            raise
        status = self.child.wait()
        reason = reason or self.said() or f"the process of LLVM ended with status {status}"
        _end()
        return None if status == 0 else reason

    def said(self) -> str:
        os.lseek(self.messages, 0, os.SEEK_SET)
        return os.read(self.messages, _MAX_MESSAGE).decode(errors="replace").strip()

    def close(self) -> None:
        self.connection.close()
        os.close(self.messages)
        if self.owner == os.getpid():
            with suppress(ProcessLookupError):
                self.child.terminate()
            self.child.wait()
        else:
            self.child.returncode = 0  # a child of the process that this one was forked from


def _spawn(requests: int, messages: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-P", "-c", _SERVE.format(path=[p for p in sys.path if p])],
        stdin=requests,
        stdout=subprocess.DEVNULL,
        stderr=messages,
        start_new_session=True,  # Ctrl-C is for this process to answer
    )


_lock = threading.RLock()
_process: _Process | None = None


def _ready() -> _Process:
    """The process, running, and this process's own: one that was inherited by a fork belongs to the parent."""
    global _process
    if _process is not None and (_process.owner != os.getpid() or _process.child.poll() is not None):
        _end()
    if _process is None:
        _process = _Process()
    return _process


def _end() -> None:
    global _process
    if _process is not None:
        _process.close()
    _process = None


atexit.register(stop)


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
