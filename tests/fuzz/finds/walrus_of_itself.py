"""A variable set to itself inside an expression that is one of two: what it was before was dropped."""

import syrup


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    a = pkt.payload.u8(0)
    b = pkt.payload.u8(1)
    return (b := b) if a else 5


# kernels 5.15 6.18
# ask policy payload=0003
# ask policy payload=0103
