"""What only kernels from 5.16 on have."""

import syrup
from syrup import u16

known = syrup.Bloom(u16, 64)


@syrup.jit
def strangers(pkt: syrup.Packet) -> syrup.Executor:
    """Senders that were never seen go to the first worker."""
    if pkt.src_port in known:
        return syrup.PASS
    known.add(pkt.src_port)
    return 0
