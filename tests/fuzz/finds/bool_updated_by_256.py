"""An update of a bool in a per-CPU map by a value whose low byte is zero: it counted as zero."""

import syrup

flags = syrup.PerCpuArray(bool, 2)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    flags[0] ^= pkt.payload.be16(0)
    flags[1] |= pkt.payload.u16(0) << 8
    return flags.fetch_add(0, 256)


# kernels 5.15 6.18
# ask policy payload=0100
# ask policy payload=0000
