"""A door to bpf(2) for tests only: loads hand-made programs and runs them with BPF_PROG_TEST_RUN."""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from syrupc.isa.codec import encode
from syrupc.isa.insn import Insn

_SYSCALL = {"x86_64": 321, "aarch64": 280, "riscv64": 280}
_MAP_CREATE, _MAP_LOOKUP, _MAP_UPDATE, _PROG_LOAD, _TEST_RUN, _BTF_LOAD = 0, 1, 2, 5, 10, 18
_ATTRIBUTES = 160

SOCKET_FILTER, SCHED_CLS, XDP, CGROUP_SKB, SK_REUSEPORT = 1, 3, 6, 8, 21

_libc = ctypes.CDLL(None, use_errno=True)


def bpf(command: int, attributes: bytes) -> tuple[int, bytes]:
    """The result and the attributes as the kernel left them. Raises `OSError`."""
    buffer = ctypes.create_string_buffer(attributes.ljust(_ATTRIBUTES, b"\0"), _ATTRIBUTES)
    result = _libc.syscall(_SYSCALL[platform.machine()], command, buffer, _ATTRIBUTES)
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result, buffer.raw


@contextmanager
def created_map(type: int, key_size: int, value_size: int, max_entries: int, flags: int = 0) -> Iterator[int]:
    fd, _ = bpf(_MAP_CREATE, struct.pack("<5I", type, key_size, value_size, max_entries, flags))
    try:
        yield fd
    finally:
        os.close(fd)


def map_update(fd: int, key: bytes, value: bytes, flags: int = 0) -> None:
    key_buffer = ctypes.create_string_buffer(key, len(key) or 1)
    value_buffer = ctypes.create_string_buffer(value, len(value))
    key_address = ctypes.addressof(key_buffer) if key else 0
    bpf(_MAP_UPDATE, struct.pack("<I4xQQQ", fd, key_address, ctypes.addressof(value_buffer), flags))


def map_lookup(fd: int, key: bytes, value_size: int) -> bytes:
    key_buffer = ctypes.create_string_buffer(key, len(key))
    value_buffer = ctypes.create_string_buffer(value_size)
    addresses = (ctypes.addressof(key_buffer), ctypes.addressof(value_buffer))
    bpf(_MAP_LOOKUP, struct.pack("<I4xQQQ", fd, *addresses, 0))
    return value_buffer.raw


@contextmanager
def loaded(insns: Sequence[Insn], type: int = SOCKET_FILTER, functions: Sequence[int] = ()) -> Iterator[int]:
    """A program's file descriptor. A rejection is an `OSError` that ends with the kernel's log.

    `functions` are the slots where functions begin, which the kernel must be told (through BTF) if one is a callback.
    """
    code = ctypes.create_string_buffer(encode(insns), 8 * len(insns))
    license_buffer = ctypes.create_string_buffer(b"GPL")
    log = ctypes.create_string_buffer(1 << 20)
    records = b"".join(struct.pack("<II", slot, 3 if slot == 0 else 4) for slot in functions)
    info = ctypes.create_string_buffer(records, len(records) or 1)
    head = struct.pack("<IIQQ", type, len(insns), ctypes.addressof(code), ctypes.addressof(license_buffer))
    head += struct.pack("<IIQII16s", 1, len(log), ctypes.addressof(log), 0, 0, b"conformance")
    with ExitStack() as stack:
        if functions:
            btf = stack.enter_context(_function_types())
            head += struct.pack("<8xIIQI", btf, 8, ctypes.addressof(info), len(functions))
        try:
            fd, _ = bpf(_PROG_LOAD, head)
        except OSError as error:
            raise OSError(error.errno, f"{error.strerror}\n{log.value.decode()[-4000:]}") from None
    try:
        yield fd
    finally:
        os.close(fd)


@contextmanager
def _function_types() -> Iterator[int]:
    """BTF in which type 3 is a global function and type 4 a static one."""
    strings = b"\0int\0main\0callback\0"
    integer, prototype, function = 1 << 24, 13 << 24, 12 << 24
    types = struct.pack("<4I", 1, integer, 4, 1 << 24 | 32)
    types += struct.pack("<3I", 0, prototype, 1)
    types += struct.pack("<3I", strings.index(b"main"), function | 1, 2)
    types += struct.pack("<3I", strings.index(b"callback"), function, 2)
    blob = struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(types), len(types), len(strings)) + types + strings
    data = ctypes.create_string_buffer(blob, len(blob))
    fd, _ = bpf(_BTF_LOAD, struct.pack("<QQI", ctypes.addressof(data), 0, len(blob)))
    try:
        yield fd
    finally:
        os.close(fd)


@dataclass(frozen=True)
class Run:
    """`retval` has 32 bits; `data` is the packet afterwards."""

    retval: int
    data: bytes


def run_program(insns: Sequence[Insn], data: bytes, type: int = SOCKET_FILTER, functions: Sequence[int] = ()) -> Run:
    with loaded(insns, type, functions) as fd:
        return run_loaded(fd, data)


def run_loaded(fd: int, data: bytes) -> Run:
    data_in = ctypes.create_string_buffer(data, len(data))
    data_out = ctypes.create_string_buffer(8192)
    addresses = (ctypes.addressof(data_in), ctypes.addressof(data_out))
    _, answer = bpf(_TEST_RUN, struct.pack("<IIIIQQII", fd, 0, len(data), len(data_out), *addresses, 1, 0))
    retval, _, size = struct.unpack_from("<III", answer, 4)
    return Run(retval, data_out.raw[:size])
