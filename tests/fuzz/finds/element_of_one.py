"""Whether there is an element was told by its index alone, which kernels do not follow where the only one is 0."""

import syrup
from syrup import u32

table = syrup.Array(u32, 1)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    ref = table.lookup(pkt.payload.u32(0))
    if ref is not None:
        ref.value += 2
    return table[0]


# kernels 5.15 6.1 6.6 6.12 6.18
# ask policy payload=00000000
# ask policy payload=01000000
# ask policy payload=00000000
