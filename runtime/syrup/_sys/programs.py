"""BPF programs by descriptor: load with type and line information, run on test data, measure."""

from __future__ import annotations

import errno
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from syrup._sys import bpf, uapi
from syrup._sys.fd import Fd

_FIRST_LOG: Final = 1 << 16
_LARGEST_LOG: Final = 1 << 24
_LOG_LINES: Final = 1
_FUNCTION: Final = 8
_LINE: Final = 16


@dataclass(frozen=True, slots=True)
class ProgramCode:
    """What the kernel is given. `code` is 8 bytes a slot, with descriptors of maps filled in.

    `functions` and `lines` are records of 8 and of 16 bytes that refer to the BTF loaded with the program.
    """

    type: int
    name: str
    code: bytes
    license: str
    functions: bytes = b""
    lines: bytes = b""
    attach_type: int = 0


class Rejected(OSError):  # noqa: N818 -- a condition
    """The kernel's verifier did not accept the program or the type information; `log` is what it said."""

    def __init__(self, code: int, log: str) -> None:
        super().__init__(code, "rejected")
        self.log = log


def load_btf(data: bytes) -> Fd:
    """Hand type information to the kernel. Raises `Rejected` with the log."""
    image = bpf.buffer(data)
    attr = bpf.BtfLoad(btf=bpf.address(image), btf_size=len(data))
    try:
        return Fd(bpf.call(uapi.BPF_BTF_LOAD, attr))
    except OSError as error:
        if error.errno == errno.EPERM:
            raise
        raise Rejected(error.errno or 0, _btf_log(attr)) from None


def load(program: ProgramCode, btf: Fd | None = None) -> Fd:
    """Raises `Rejected` with the verifier's log where the verifier speaks, `OSError` where it was not asked."""
    code = bpf.buffer(program.code)
    license_text = bpf.buffer(program.license.encode() + b"\0")
    functions, lines = bpf.buffer(program.functions), bpf.buffer(program.lines)
    attr = bpf.ProgLoad(
        prog_type=program.type,
        insn_cnt=len(program.code) // 8,
        insns=bpf.address(code),
        license=bpf.address(license_text),
        prog_name=bpf.object_name(program.name),
        expected_attach_type=program.attach_type,
    )
    if btf is not None:
        attr.prog_btf_fd = btf.fileno()
        attr.func_info_rec_size, attr.func_info_cnt = _FUNCTION, len(functions) // _FUNCTION
        attr.func_info = bpf.address(functions)
        attr.line_info_rec_size, attr.line_info_cnt = _LINE, len(lines) // _LINE
        attr.line_info = bpf.address(lines)
    try:
        return Fd(bpf.call(uapi.BPF_PROG_LOAD, attr))
    except OSError as error:
        log = _program_log(attr)
        if isinstance(log, Fd):
            return log
        if not log:
            raise
        raise Rejected(error.errno or 0, log) from None


def run(fd: int, data: bytes, repeat: int = 1) -> tuple[int, bytes, int]:
    """The result, the packet afterwards, and the mean ns a run. Not every program type has this (ENOTSUPP)."""
    source, target = bpf.buffer(data), bpf.room(len(data) + 4096)
    attr = bpf.TestRun(
        prog_fd=fd,
        data_size_in=len(data),
        data_size_out=len(target),
        data_in=bpf.address(source),
        data_out=bpf.address(target),
        repeat=repeat,
    )
    bpf.call(uapi.BPF_PROG_TEST_RUN, attr)
    return int(attr.retval), target.raw[: int(attr.data_size_out)], int(attr.duration)


def enable_run_time_stats() -> Fd:
    """While this is open the kernel times every run of every BPF program of the host (5.8, d46edd671a14)."""
    return Fd(bpf.call(uapi.BPF_ENABLE_STATS, bpf.EnableStats(type=uapi.BPF_STATS_RUN_TIME)))


def _program_log(attr: bpf.ProgLoad) -> str | Fd:
    """What the verifier says when asked again, or the program if this time it was accepted."""
    size = _FIRST_LOG
    while True:
        text = bpf.room(size)
        attr.log_level, attr.log_size, attr.log_buf = _LOG_LINES, size, bpf.address(text)
        try:
            return Fd(bpf.call(uapi.BPF_PROG_LOAD, attr))
        except OSError as error:
            # ENOSPC: the log was cut (kernels before 6.4 keep its start, which is not the part that matters).
            if error.errno != errno.ENOSPC or size >= _LARGEST_LOG:
                return text.value.decode(errors="replace")
            size *= 4


def _btf_log(attr: bpf.BtfLoad) -> str:
    text = bpf.room(_FIRST_LOG)
    attr.btf_log_level, attr.btf_log_size, attr.btf_log_buf = _LOG_LINES, _FIRST_LOG, bpf.address(text)
    with suppress(OSError):  # Asked for its words only: the caller already has the error.
        Fd(bpf.call(uapi.BPF_BTF_LOAD, attr)).close()
    return text.value.decode(errors="replace")
