"""What the running kernel offers programs, found out by asking for each thing once; nothing stays.

A kernel tells in the verifier's words that a program of some type cannot call a helper, and in an error number that it
does not know a type. What it refuses for lack of rights raises `PermissionError`, so that it is never taken for absent.
"""

from __future__ import annotations

import errno
import mmap
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from syrup._sys import bpf, maps, objects, programs, uapi
from syrup._sys.fd import Fd
from syrupc.isa.assembly import parse_program
from syrupc.isa.codec import encode

_BTF: Final = Path("/sys/kernel/btf/vmlinux")
_UNPRIVILEGED: Final = Path("/proc/sys/kernel/unprivileged_bpf_disabled")

_STRUCT_OPS_PROGRAM: Final = 27
_ATTACH_TYPES: Final = MappingProxyType({30: 36})  # sk_lookup: BPF_SK_LOOKUP
_SOCKET_FILTER: Final = 1

# What verifiers say of a helper that is not for such programs. Helpers that sleep are for sleepable ones, which no
# program of ours is.
_REFUSED: Final = (
    "unknown func",
    "invalid func",
    "program of this type cannot use helper",
    "not supported for program type",
    "helper call is not allowed in probe",
    "helper call might sleep in a non-sleepable prog",
    "in non-sleepable prog",  # since 7.3
)


# How a kernel says that it does not know a type, or that it was built without it.
_UNKNOWN: Final = frozenset((errno.EINVAL, errno.E2BIG, errno.EOPNOTSUPP, uapi.ENOTSUPP))


def has_program_type(number: int) -> bool:
    """Whether programs of the type load."""
    return _accepts("r0 = 0\nexit", number)


def has_helper(program_type: int, helper: int) -> bool:
    """Whether programs of the type may call the helper, whatever it says of the arguments."""
    try:
        _load(f"call {helper}\nexit", program_type).close()
    except programs.Rejected as refused:
        return not any(words in refused.log for words in _REFUSED)
    return True


def has_map_type(number: int) -> bool:
    """Whether maps of the type can be made."""
    try:
        with _storage_types() as btf:
            _create_map(number, btf)
    except OSError as error:
        if error.errno not in _UNKNOWN:
            raise
        return number == _STRUCT_OPS_MAP and error.errno == uapi.ENOTSUPP  # it knows the type, but no such struct
    return True


def has_bounded_loops() -> bool:
    return _accepts("r1 = 3\nagain:\nr1 += -1\nif r1 != 0 goto again\nr0 = 0\nexit")


def has_may_goto() -> bool:
    # BPF_JMP | BPF_JCOND, which jumps when the budget is used up; not to the next instruction, which came later.
    return _accepts_bytes(_insn(0xE5, offset=1) + _insn(0xB7, 1) + _RETURN_ZERO)


def has_isa_v4() -> bool:
    # A sign-extending move, one of the instructions of version 4.
    return _accepts_bytes(_insn(0xB7, 1) + _insn(0xBF, 0x11, 8) + _RETURN_ZERO)


def has_acquire_release() -> bool:
    # BPF_LOAD_ACQ of a stack slot.
    store = _insn(0x7A, 0x0A, -8)
    return _accepts_bytes(store + _insn(0xDB, 0xA0, -8, 0x100) + _RETURN_ZERO)


def compiles_programs() -> bool:
    """Whether a loaded program is machine code."""
    with _load("r0 = 0\nexit", _SOCKET_FILTER) as program:
        return objects.program_info(program.fileno()).jited_size > 0


def kernel_names(names: Iterable[str]) -> frozenset[str]:
    """Which of the names of functions and structs the kernel's own type information has."""
    if not _BTF.exists():
        return frozenset()
    content = _BTF.read_bytes()
    return frozenset(name for name in names if b"\0" + name.encode() + b"\0" in content)


def has_btf() -> bool:
    """Whether the kernel has type information about itself."""
    return _BTF.exists()


def is_open_to_all() -> bool:
    """Whether processes without any capability may load programs."""
    return _UNPRIVILEGED.exists() and _UNPRIVILEGED.read_text().strip() == "0"


# -- programs --------------------------------------------------------------------------------------------------------


def _insn(code: int, registers: int = 0, offset: int = 0, immediate: int = 0) -> bytes:
    return struct.pack("<BBhi", code, registers, offset, immediate)


_RETURN_ZERO: Final = _insn(0xB7) + _insn(0x95)


def _accepts(text: str, program_type: int = _SOCKET_FILTER) -> bool:
    return _accepts_bytes(encode(parse_program(text)), program_type)


def _accepts_bytes(code: bytes, program_type: int = _SOCKET_FILTER) -> bool:
    try:
        _load_bytes(code, program_type).close()
    except OSError as error:
        if error.errno == uapi.ENOTSUPP and program_type == _STRUCT_OPS_PROGRAM:
            return True  # no struct was named whose function this could be; the type itself is known
        if error.errno not in _UNKNOWN and not isinstance(error, programs.Rejected):
            raise
        return False
    return True


def _load(text: str, program_type: int) -> Fd:
    return _load_bytes(encode(parse_program(text)), program_type)


def _load_bytes(code: bytes, program_type: int) -> Fd:
    attach_type = _ATTACH_TYPES.get(program_type, 0)
    return programs.load(programs.ProgramCode(program_type, "probe", code, "GPL", attach_type=attach_type))


# -- maps ------------------------------------------------------------------------------------------------------------

_STRUCT_OPS_MAP: Final = 26
_MAPS_OF_MAPS: Final = frozenset((12, 13))
_STORAGE: Final = frozenset((24, 28, 29, 32))
_PAGE: Final = mmap.PAGESIZE

# Key size, value size, entries and flags, where they are not 4, 4, 1 and none.
_SHAPES: Final[Mapping[int, tuple[int, int, int, int]]] = MappingProxyType(
    {
        7: (4, 8, 1, 0),  # stack_trace
        11: (8, 8, 1, uapi.BPF_F_NO_PREALLOC),  # lpm_trie
        19: (16, 8, 0, 0),  # cgroup_storage
        21: (16, 8, 0, 0),  # percpu_cgroup_storage
        22: (0, 4, 1, 0),  # queue
        23: (0, 4, 1, 0),  # stack
        24: (4, 4, 0, uapi.BPF_F_NO_PREALLOC),  # sk_storage
        26: (4, 4, 1, 0),  # struct_ops
        27: (0, 0, _PAGE, 0),  # ringbuf
        28: (4, 4, 0, uapi.BPF_F_NO_PREALLOC),  # inode_storage
        29: (4, 4, 0, uapi.BPF_F_NO_PREALLOC),  # task_storage
        30: (0, 4, 1, 0),  # bloom_filter
        31: (0, 0, _PAGE, 0),  # user_ringbuf
        32: (4, 4, 0, uapi.BPF_F_NO_PREALLOC),  # cgrp_storage
        33: (0, 0, 1, uapi.BPF_F_MMAPABLE),  # arena
        34: (4, 16, 1, 0),  # insn_array
    }
)


def _create_map(number: int, btf: Fd) -> None:
    key_size, value_size, entries, flags = _SHAPES.get(number, (4, 4, 1, 0))
    attr = bpf.MapCreate(
        map_type=number, key_size=key_size, value_size=value_size, max_entries=entries, map_flags=flags
    )
    if number in _STORAGE:
        attr.btf_fd, attr.btf_key_type_id, attr.btf_value_type_id = btf.fileno(), 1, 1
    if number == _STRUCT_OPS_MAP:
        attr.btf_vmlinux_value_type_id = 1
    if number in _MAPS_OF_MAPS:
        with maps.create(maps.Shape(uapi.BPF_MAP_TYPE_ARRAY, 4, 4, 1)) as inner:
            attr.inner_map_fd = inner.fileno()
            Fd(bpf.call(uapi.BPF_MAP_CREATE, attr)).close()
        return
    Fd(bpf.call(uapi.BPF_MAP_CREATE, attr)).close()


def _storage_types() -> Fd:
    """BTF with one type, a signed 32-bit int."""
    strings = b"\0int\0"
    types = struct.pack("<IIII", 1, 1 << 24, 4, 1 << 24 | 32)
    header = struct.pack("<HBBIIIII", 0xEB9F, 1, 0, 24, 0, len(types), len(types), len(strings))
    return programs.load_btf(header + types + strings)
