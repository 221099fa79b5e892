"""The kernel's numbers, as its user headers spell them (include/uapi/linux/bpf.h and asm-generic/socket.h, 6.18)."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

# -- bpf(2) commands -----------------------------------------------------------------------------------------------
BPF_MAP_CREATE: Final = 0
BPF_MAP_LOOKUP_ELEM: Final = 1
BPF_MAP_UPDATE_ELEM: Final = 2
BPF_MAP_DELETE_ELEM: Final = 3
BPF_PROG_LOAD: Final = 5
BPF_OBJ_PIN: Final = 6
BPF_OBJ_GET: Final = 7
BPF_PROG_TEST_RUN: Final = 10
BPF_MAP_GET_NEXT_ID: Final = 12
BPF_PROG_GET_FD_BY_ID: Final = 13
BPF_MAP_GET_FD_BY_ID: Final = 14
BPF_OBJ_GET_INFO_BY_FD: Final = 15
BPF_BTF_LOAD: Final = 18
BPF_MAP_LOOKUP_AND_DELETE_ELEM: Final = 21  # of queues and stacks since 4.20, bd513cd08f10
BPF_MAP_FREEZE: Final = 22
BPF_MAP_LOOKUP_BATCH: Final = 24
BPF_ENABLE_STATS: Final = 32

# -- map types and flags -------------------------------------------------------------------------------------------
BPF_MAP_TYPE_HASH: Final = 1
BPF_MAP_TYPE_ARRAY: Final = 2
BPF_MAP_TYPE_PROG_ARRAY: Final = 3
BPF_MAP_TYPE_PERCPU_HASH: Final = 5
BPF_MAP_TYPE_PERCPU_ARRAY: Final = 6
BPF_MAP_TYPE_LRU_HASH: Final = 9
BPF_MAP_TYPE_LPM_TRIE: Final = 11
BPF_MAP_TYPE_REUSEPORT_SOCKARRAY: Final = 20

BPF_F_NO_PREALLOC: Final = 1
BPF_F_RDONLY_PROG: Final = 1 << 7
BPF_F_MMAPABLE: Final = 1 << 10  # since 5.5, fc9702273e2e

PER_CPU_TYPES: Final = frozenset((BPF_MAP_TYPE_PERCPU_HASH, BPF_MAP_TYPE_PERCPU_ARRAY))
TYPES_WITH_BTF: Final = PER_CPU_TYPES | {BPF_MAP_TYPE_HASH, BPF_MAP_TYPE_ARRAY, BPF_MAP_TYPE_LRU_HASH}
"""Map types that take the BTF types of their keys and values; the others refuse them or gain nothing."""

# -- programs ------------------------------------------------------------------------------------------------------
PROGRAM_TYPES: Final = MappingProxyType(
    {
        "socket": 1,
        "classifier": 3,
        "xdp": 6,
        "sk_reuseport": 21,
        "sk_lookup": 30,
    }
)
"""What a section's name starts with (up to a `/` or `.`) -> program type."""

BPF_FUNC_tail_call: Final = 12
BPF_PSEUDO_MAP_FD: Final = 1
BPF_PSEUDO_MAP_VALUE: Final = 2
BPF_STATS_RUN_TIME: Final = 0
SK_PASS: Final = 1

# -- sockets -------------------------------------------------------------------------------------------------------
SOL_SOCKET: Final = 1
SO_TYPE: Final = 3
SO_REUSEPORT: Final = 15
SO_PROTOCOL: Final = 38
SO_ATTACH_REUSEPORT_EBPF: Final = 52
SO_COOKIE: Final = 57
SO_DETACH_REUSEPORT_BPF: Final = 68  # since 5.3, 99f3a064bc2e

# -- errors that errno does not name -------------------------------------------------------------------------------
ENOTSUPP: Final = 524
