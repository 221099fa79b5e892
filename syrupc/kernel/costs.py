"""What a run costs: picoseconds of an instruction, and of each helper's call beyond that of an instruction.

Measured by `benchmarks/helper_cost.py` (its docstring is the method) on Linux 6.18, x86-64, an Intel Xeon whose cycle
is 0.26 ns, two shared cores, other work on the machine, caches warm. On another machine, or where the caches are cold,
a run takes another time: the figures are there to compare programs, and to see what in them costs. A helper that was
not measured has none, and then neither has a program that calls it.
"""

from __future__ import annotations

from typing import Final

from syrupc.isa import opcodes as op
from syrupc.isa.insn import Insn
from syrupc.kernel.helpers import BY_NAME as HELPER
from syrupc.kernel.map_types import BY_NAME as MAP_TYPE

REVISION: Final = 1
"""Which figures these are: to be raised with every change, for estimates by others cannot be compared."""

INSTRUCTION: Final = 250
ATOMIC: Final = 4700
DIVISION: Final = 3400

_WITH_MAP: Final[dict[str, dict[str, float]]] = {
    "map_lookup_elem": {
        "array": 3.4,
        "percpu_array": 5.2,
        "hash": 9.5,
        "lru_hash": 9.9,
        "percpu_hash": 11,
        "lpm_trie": 155,
    },
    "map_update_elem": {
        "array": 5.4,
        "percpu_array": 5.4,
        "hash": 26,
        "lru_hash": 134,
        "percpu_hash": 20,
        "lpm_trie": 544,
    },
    "map_delete_elem": {
        "hash": 38,
        "lru_hash": 15,
        "percpu_hash": 60,
        "lpm_trie": 171,
    },
    "map_push_elem": {"queue": 16, "stack": 16, "bloom_filter": 32},
    "map_pop_elem": {"queue": 15, "stack": 16},
    "map_peek_elem": {"queue": 15, "stack": 15, "bloom_filter": 4.9},
    "ringbuf_output": {"ringbuf": 23},
    "sk_select_reuseport": {"reuseport_sockarray": 20},
}
_NANOSECONDS: Final[dict[str, float]] = {
    "ktime_get_ns": 24,
    "get_prandom_u32": 3.6,
    "get_smp_processor_id": 0.1,
    "skb_load_bytes": 3.5,
    "skb_load_bytes_relative": 3.5,
    "trace_printk": 92,
}


def beyond(insn: Insn) -> int:
    """Picoseconds that the instruction takes beyond others, being no call."""
    if insn.cls == op.STX and insn.mode == op.ATOMIC:
        return ATOMIC
    divides = insn.cls in (op.ALU, op.ALU64) and insn.operation in (op.DIV, op.MOD)
    return DIVISION if divides else 0


def call(helper: int, map_type: int | None) -> int | None:
    """Picoseconds of a helper's call, with a map of that type if it takes one; None if that was not measured."""
    return _CALLS.get((helper, map_type))


def _picoseconds(nanoseconds: float) -> int:
    return round(nanoseconds * 1000)


_CALLS: Final[dict[tuple[int, int | None], int]] = {
    **{(HELPER[name].id, None): _picoseconds(ns) for name, ns in _NANOSECONDS.items()},
    **{
        (HELPER[name].id, MAP_TYPE[kind].number): _picoseconds(ns)
        for name, figures in _WITH_MAP.items()
        for kind, ns in figures.items()
    },
}
