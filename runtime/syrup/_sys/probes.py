"""What this kernel can do, found out by doing it once."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable

from syrup._sys import maps, processes, programs, sockets, uapi

_RETURN_PASS = bytes((0xB7, 0, 0, 0, uapi.SK_PASS, 0, 0, 0)) + bytes((0x95, 0, 0, 0, 0, 0, 0, 0))
_ABSENT = frozenset((errno.EINVAL, errno.ENOSYS, errno.ENOPROTOOPT, errno.EOPNOTSUPP, uapi.ENOTSUPP))


def shared_arrays() -> bool:
    """Arrays that user space maps into its memory."""
    shape = maps.Shape(uapi.BPF_MAP_TYPE_ARRAY, 4, 8, 1)
    return _works(lambda: maps.create(shape, flags=uapi.BPF_F_MMAPABLE).close())


def program_arrays() -> bool:
    return _works(lambda: maps.create(maps.Shape(uapi.BPF_MAP_TYPE_PROG_ARRAY, 4, 4, 1)).close())


def reuseport_arrays() -> bool:
    return _works(lambda: maps.create(maps.Shape(uapi.BPF_MAP_TYPE_REUSEPORT_SOCKARRAY, 4, 8, 1)).close())


def reuseport_programs() -> bool:
    code = programs.ProgramCode(uapi.PROGRAM_TYPES["sk_reuseport"], "probe", _RETURN_PASS, "GPL")
    return _works(lambda: programs.load(code).close())


def reuseport_detach() -> bool:
    """The option that takes a program away again. A socket in no group is refused, but by name."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unbound:
        try:
            sockets.detach_reuseport(unbound.fileno())
        except OSError as error:
            return error.errno not in (errno.ENOPROTOOPT, errno.ENOSYS)
    return True


def borrowing() -> bool:
    """pidfd_getfd(2), tried on this process."""
    own = processes.Holder(processes.start_time(os.getpid()), os.getpid(), -1)
    try:
        processes.borrow(own).close()
    except processes.GoneError:
        return True  # There is no descriptor -1; the kernel looked.
    except OSError as error:
        if error.errno == errno.ENOSYS:
            return False
        raise
    return True


def _works(attempt: Callable[[], None]) -> bool:
    try:
        attempt()
    except OSError as error:
        if error.errno in _ABSENT:
            return False
        raise
    return True
