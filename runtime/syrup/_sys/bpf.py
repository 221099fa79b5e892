"""bpf(2) itself: the call, and the layout of its argument for each command."""

from __future__ import annotations

import ctypes
import errno
import os
import platform
from ctypes import c_char, c_uint32, c_uint64
from typing import Any, ClassVar, Final

_libc: Final = ctypes.CDLL(None, use_errno=True)

_NUMBERS: Final = {"x86_64": 321, "aarch64": 280, "riscv64": 280, "loongarch64": 280, "ppc64le": 361, "s390x": 351}
_ATTEMPTS: Final = 8


class MapCreate(ctypes.Structure):
    _fields_: ClassVar = [
        ("map_type", c_uint32),
        ("key_size", c_uint32),
        ("value_size", c_uint32),
        ("max_entries", c_uint32),
        ("map_flags", c_uint32),
        ("inner_map_fd", c_uint32),
        ("numa_node", c_uint32),
        ("map_name", c_char * 16),
        ("map_ifindex", c_uint32),
        ("btf_fd", c_uint32),
        ("btf_key_type_id", c_uint32),
        ("btf_value_type_id", c_uint32),
        ("btf_vmlinux_value_type_id", c_uint32),  # since 5.6, 85d33df357b6
    ]


class MapElement(ctypes.Structure):
    """Also for freeze, which takes the descriptor alone."""

    _fields_: ClassVar = [
        ("map_fd", c_uint32),
        ("_pad", c_uint32),
        ("key", c_uint64),
        ("value", c_uint64),
        ("flags", c_uint64),
    ]


class MapBatch(ctypes.Structure):
    _fields_: ClassVar = [
        ("in_batch", c_uint64),
        ("out_batch", c_uint64),
        ("keys", c_uint64),
        ("values", c_uint64),
        ("count", c_uint32),
        ("map_fd", c_uint32),
        ("elem_flags", c_uint64),
        ("flags", c_uint64),
    ]


class ProgLoad(ctypes.Structure):
    _fields_: ClassVar = [
        ("prog_type", c_uint32),
        ("insn_cnt", c_uint32),
        ("insns", c_uint64),
        ("license", c_uint64),
        ("log_level", c_uint32),
        ("log_size", c_uint32),
        ("log_buf", c_uint64),
        ("kern_version", c_uint32),
        ("prog_flags", c_uint32),
        ("prog_name", c_char * 16),
        ("prog_ifindex", c_uint32),
        ("expected_attach_type", c_uint32),
        ("prog_btf_fd", c_uint32),
        ("func_info_rec_size", c_uint32),
        ("func_info", c_uint64),
        ("func_info_cnt", c_uint32),
        ("line_info_rec_size", c_uint32),
        ("line_info", c_uint64),
        ("line_info_cnt", c_uint32),
        ("attach_btf_id", c_uint32),
    ]


class BtfLoad(ctypes.Structure):
    _fields_: ClassVar = [
        ("btf", c_uint64),
        ("btf_log_buf", c_uint64),
        ("btf_size", c_uint32),
        ("btf_log_size", c_uint32),
        ("btf_log_level", c_uint32),
    ]


class Pin(ctypes.Structure):
    _fields_: ClassVar = [("pathname", c_uint64), ("bpf_fd", c_uint32), ("file_flags", c_uint32)]


class ById(ctypes.Structure):
    _fields_: ClassVar = [("id", c_uint32), ("next_id", c_uint32), ("open_flags", c_uint32)]


class InfoByFd(ctypes.Structure):
    _fields_: ClassVar = [("bpf_fd", c_uint32), ("info_len", c_uint32), ("info", c_uint64)]


class ProgInfo(ctypes.Structure):
    _fields_: ClassVar = [
        ("type", c_uint32),
        ("id", c_uint32),
        ("tag", c_char * 8),
        ("jited_prog_len", c_uint32),
        ("xlated_prog_len", c_uint32),
        ("_code", c_uint64 * 3),
        ("created_by_uid", c_uint32),
        ("nr_map_ids", c_uint32),
        ("map_ids", c_uint64),
        ("name", c_char * 16),
        ("_device", c_uint64 * 3),
        ("_symbols", c_uint64 * 3),
        ("_btf", c_uint64 * 8),
        ("run_time_ns", c_uint64),
        ("run_cnt", c_uint64),
        ("recursion_misses", c_uint64),
        ("verified_insns", c_uint32),
        ("_attach", c_uint32 * 3),
    ]


class MapInfo(ctypes.Structure):
    _fields_: ClassVar = [
        ("type", c_uint32),
        ("id", c_uint32),
        ("key_size", c_uint32),
        ("value_size", c_uint32),
        ("max_entries", c_uint32),
        ("map_flags", c_uint32),
        ("name", c_char * 16),
        ("ifindex", c_uint32),
        ("_vmlinux", c_uint32),
    ]


class TestRun(ctypes.Structure):
    _fields_: ClassVar = [
        ("prog_fd", c_uint32),
        ("retval", c_uint32),
        ("data_size_in", c_uint32),
        ("data_size_out", c_uint32),
        ("data_in", c_uint64),
        ("data_out", c_uint64),
        ("repeat", c_uint32),
        ("duration", c_uint32),
    ]


class EnableStats(ctypes.Structure):
    _fields_: ClassVar = [("type", c_uint32)]


def call(command: int, attr: ctypes.Structure) -> int:
    """One bpf(2). Raises `OSError`; a load that a signal interrupted (EAGAIN) is tried again."""
    for _ in range(_ATTEMPTS):
        result = int(_libc.syscall(_number(), command, ctypes.byref(attr), ctypes.sizeof(attr)))
        if result >= 0:
            return result
        code = ctypes.get_errno()
        if code not in (errno.EAGAIN, errno.EINTR):
            break
    raise OSError(code, os.strerror(code))


def syscall(number: int, *arguments: int) -> int:
    """Any other system call that Python has no name for. Raises `OSError`."""
    result = int(_libc.syscall(number, *arguments))
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def buffer(data: bytes) -> ctypes.Array[c_char]:
    """A copy of `data` that the kernel may read and write. The caller keeps it alive over the call."""
    return (c_char * len(data)).from_buffer_copy(data)


def room(size: int) -> ctypes.Array[c_char]:
    """`size` zero bytes for the kernel to fill."""
    return (c_char * size)()


def address(memory: Any) -> int:
    return ctypes.addressof(memory)


def object_name(name: str) -> bytes:
    """The name that the kernel shows: 15 bytes of letters, digits, `_` and `.`."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "_.") else "_" for c in name).encode()[:15]


def size(memory: Any) -> int:
    return ctypes.sizeof(memory)


def _number() -> int:
    try:
        return _NUMBERS[platform.machine()]
    except KeyError:
        raise OSError(errno.ENOSYS, f"no bpf system call is known for {platform.machine()}") from None
