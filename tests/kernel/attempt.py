"""A process that tries to attach a policy to a port, and prints as JSON what it is told.

Arguments: the port, then `without-pidfd-getfd` to run as on a kernel before 5.6.
"""

import ctypes
import json
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

import syrup
from tests.kernel import handmade

_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 38, 22, 2
_PIDFD_GETFD = 438
_ENOSYS = 38


def take_away(system_call: int) -> None:
    """Let the kernel answer ENOSYS to one system call of this process (seccomp)."""
    allow, refuse = 0x7FFF0000, 0x00050000 | _ENOSYS
    rows = ((0x20, 0, 0, 0), (0x15, 0, 1, system_call), (0x06, 0, 0, refuse), (0x06, 0, 0, allow))
    code = ctypes.create_string_buffer(b"".join(struct.pack("<HBBI", *row) for row in rows))
    program = ctypes.create_string_buffer(struct.pack("<H6xQ", len(rows), ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    assert libc.prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, program) == 0


port, *options = sys.argv[1:]
if "without-pidfd-getfd" in options:
    take_away(_PIDFD_GETFD)
try:
    syrup.attach(handmade.policy(handmade.always(1)), port=int(port)).close()
    found = []
except syrup.SyrupError as error:
    found = [{"code": d.code, "message": d.message, "notes": d.notes, "help": d.help} for d in error.diagnostics]
print(json.dumps(found))
