"""Whether an element is there was tested twice, and the tests joined: kernels did not see that the index is bounded."""

import syrup
from syrup import u32

table = syrup.Array(u32, 2)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    b = pkt.payload.be16(0)
    table[table.get(b, 1 - 2) % 2] = 3
    return table[0]


# kernels 5.15 6.1 6.6 6.12 6.18
# ask policy payload=0000
# ask policy payload=0001
# ask policy payload=0002
