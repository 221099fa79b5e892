"""Policies that decide by the headers of a packet, run as plain Python and in the kernel."""

import syrup

WORKERS = 8
LOCAL = b"\x0a\x37\x00"


@syrup.jit
def by_sender(pkt: syrup.Packet) -> syrup.Executor:
    """The last bits of the sender's address."""
    if pkt.ip_version == 6:
        return pkt.ip6.src_low % WORKERS
    return pkt.ip4.src % WORKERS


@syrup.jit
def by_distance(pkt: syrup.Packet) -> syrup.Executor:
    """How many routers the packet may still pass."""
    return (pkt.ip6.hop_limit if pkt.ip_version == 6 else pkt.ip4.ttl) % WORKERS


@syrup.jit
def by_class(pkt: syrup.Packet) -> syrup.Executor:
    """The DSCP."""
    return (pkt.ip6.traffic_class if pkt.ip_version == 6 else pkt.ip4.tos) >> 2 & 7


@syrup.jit
def only_here(pkt: syrup.Packet) -> syrup.Executor:
    """What comes over IPv4 out of one network, by the third last bit of its address; the rest is a fault."""
    if pkt.ip4[12:15] != LOCAL:
        return syrup.DROP
    return 1 if pkt.ip4.src & 4 else 0
