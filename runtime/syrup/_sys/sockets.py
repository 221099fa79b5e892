"""Sockets by descriptor: the few options that steering needs.

Borrowed descriptors are handled by number and never become a `socket.socket`: creating one under a default timeout
makes the socket non-blocking, for its owner as well.
"""

from __future__ import annotations

import ctypes
import errno
import os

from syrup._sys import bpf, uapi

_libc = ctypes.CDLL(None, use_errno=True)


def cookie(fd: int) -> int:
    """The number by which sock_diag and BPF know the socket; never given twice."""
    return int.from_bytes(_get(fd, uapi.SO_COOKIE, 8), "little")


def reuse_port(fd: int) -> bool:
    return bool(_get_int(fd, uapi.SO_REUSEPORT))


def protocol(fd: int) -> int:
    return _get_int(fd, uapi.SO_PROTOCOL)


def is_socket(fd: int) -> bool:
    """Whether the descriptor is open, and a socket."""
    try:
        _get_int(fd, uapi.SO_TYPE)
    except OSError as error:
        if error.errno in (errno.ENOTSOCK, errno.EBADF):
            return False
        raise
    return True


def attach_reuseport(fd: int, program: int) -> None:
    """Let the program choose within the socket's reuse-port group. Replaces whatever the group had."""
    _set_int(fd, uapi.SO_ATTACH_REUSEPORT_EBPF, program)


def detach_reuseport(fd: int) -> bool:
    """Give the choice in the group back to the kernel. Whether there was a program."""
    try:
        _set_int(fd, uapi.SO_DETACH_REUSEPORT_BPF, 0)
    except FileNotFoundError:
        return False
    return True


def _get_int(fd: int, option: int) -> int:
    return int.from_bytes(_get(fd, option, 4), "little")


def _get(fd: int, option: int, size: int) -> bytes:
    value, length = bpf.room(size), ctypes.c_uint32(size)
    _checked(_libc.getsockopt(fd, uapi.SOL_SOCKET, option, value, ctypes.byref(length)))
    return value.raw


def _set_int(fd: int, option: int, value: int) -> None:
    number = ctypes.c_int(value)
    _checked(_libc.setsockopt(fd, uapi.SOL_SOCKET, option, ctypes.byref(number), 4))


def _checked(result: int) -> None:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
