"""Whether this process may load BPF programs, asked of the kernel with the smallest program there is."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from typing import Final

# The project's own door to bpf(2) is not used: a fault in it must fail tests, never skip them.
_SYSCALL: Final = {"x86_64": 321, "aarch64": 280, "riscv64": 280, "s390x": 351, "ppc64le": 361}
_PROG_LOAD: Final = 5
_XDP: Final = 6  # unlike a socket filter it needs privileges also where unprivileged BPF is switched on
_RETURN_ZERO: Final = struct.pack("<BBhi", 0xB7, 0, 0, 0) + struct.pack("<BBhi", 0x95, 0, 0, 0)


def why_no_bpf() -> str | None:
    """`None` if BPF programs load here; otherwise the reason in words."""
    number = _SYSCALL.get(platform.machine())
    if platform.system() != "Linux" or number is None:
        return f"no BPF on {platform.system()} {platform.machine()}"
    program = ctypes.create_string_buffer(_RETURN_ZERO)
    license_ = ctypes.create_string_buffer(b"GPL")
    attributes = struct.pack("<IIQQ", _XDP, 2, ctypes.addressof(program), ctypes.addressof(license_)).ljust(128, b"\0")
    buffer = ctypes.create_string_buffer(attributes)
    descriptor = ctypes.CDLL(None, use_errno=True).syscall(number, _PROG_LOAD, buffer, len(attributes))
    if descriptor < 0:
        return f"BPF programs cannot be loaded here: {os.strerror(ctypes.get_errno())}"
    os.close(descriptor)
    return None
