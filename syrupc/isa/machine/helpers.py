"""Helper functions by the kernel's number: what is modelled, with how many arguments each.

A function takes the run's state and its arguments as unsigned 64-bit numbers. It returns the result (negative for an
error number), or `None` if the helper returns nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from syrupc.isa.machine import map_helpers as maps
from syrupc.isa.machine import packet_helpers as packets
from syrupc.isa.machine import system_helpers as system


@dataclass(frozen=True, slots=True)
class Helper:
    """`name` as the kernel has it, without `bpf_`."""

    name: str
    arity: int
    function: Callable[..., int | None]


TAIL_CALL: Final = 12
"""Not a function: the machine itself goes on elsewhere."""

_HELPERS: Final[dict[int, Helper]] = {
    1: Helper("map_lookup_elem", 2, maps.lookup),
    2: Helper("map_update_elem", 4, maps.update),
    3: Helper("map_delete_elem", 2, maps.delete),
    4: Helper("probe_read", 3, system.probe_read),
    5: Helper("ktime_get_ns", 0, system.ktime_get_ns),
    6: Helper("trace_printk", 2, system.trace_printk),
    7: Helper("get_prandom_u32", 0, system.get_prandom_u32),
    8: Helper("get_smp_processor_id", 0, system.get_smp_processor_id),
    9: Helper("skb_store_bytes", 5, packets.skb_store_bytes),
    18: Helper("skb_vlan_push", 3, packets.skb_vlan_push),
    25: Helper("perf_event_output", 5, maps.perf_event_output),
    26: Helper("skb_load_bytes", 4, packets.skb_load_bytes),
    28: Helper("csum_diff", 5, packets.csum_diff),
    40: Helper("csum_update", 2, packets.csum_update),
    51: Helper("redirect_map", 3, packets.redirect_map),
    68: Helper("skb_load_bytes_relative", 5, packets.skb_load_bytes_relative),
    81: Helper("get_local_storage", 2, maps.local_storage),
    82: Helper("sk_select_reuseport", 4, packets.sk_select_reuseport),
    87: Helper("map_push_elem", 3, maps.push),
    88: Helper("map_pop_elem", 2, maps.pop),
    89: Helper("map_peek_elem", 2, maps.peek),
    95: Helper("sk_fullsock", 1, packets.sk_fullsock),
    96: Helper("tcp_sock", 1, packets.tcp_sock),
    113: Helper("probe_read_kernel", 3, system.probe_read),
    125: Helper("ktime_get_boot_ns", 0, system.ktime_get_ns),
    130: Helper("ringbuf_output", 4, maps.ringbuf_output),
    131: Helper("ringbuf_reserve", 3, maps.ringbuf_reserve),
    132: Helper("ringbuf_submit", 2, maps.ringbuf_submit),
    133: Helper("ringbuf_discard", 2, maps.ringbuf_discard),
    134: Helper("ringbuf_query", 2, maps.ringbuf_query),
    160: Helper("ktime_get_coarse_ns", 0, system.ktime_get_ns),
    164: Helper("for_each_map_elem", 4, maps.for_each),
    177: Helper("trace_vprintk", 4, system.trace_vprintk),
    181: Helper("loop", 4, system.loop),
    182: Helper("strncmp", 3, system.strncmp),
    188: Helper("xdp_get_buff_len", 1, packets.xdp_get_buff_len),
    189: Helper("xdp_load_bytes", 4, packets.xdp_load_bytes),
    190: Helper("xdp_store_bytes", 4, packets.xdp_store_bytes),
    195: Helper("map_lookup_percpu_elem", 3, maps.lookup_percpu),
}

HELPERS: Final = MappingProxyType(_HELPERS)
