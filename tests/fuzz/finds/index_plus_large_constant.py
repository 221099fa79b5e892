"""An index of which 2**29 or more was added to something unknown was not proven to be in range."""

import syrup
from syrup import u8

array_1 = syrup.Array(u8, 2)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    c = pkt.payload.u64(0)
    array_1[c + 536870912] = 0
    return 0


# kernels 5.15 6.18
# ask policy payload=0100000000000000
# ask policy payload=000000e0ffffffff
