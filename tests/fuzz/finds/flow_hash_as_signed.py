"""A field of the context cast to a signed type was read with its sign, which no kernel allows (instruction set 4)."""

import syrup
from syrup import i8, i16, i32, u8


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    a = i32(pkt.flow_hash) != pkt.src_port
    b = i16(pkt.flow_hash) + i8(pkt.flow_hash) + u8(pkt.flow_hash)
    c = i32(len(pkt.payload))
    return (a + b + c) & 7


# kernels 5.15 6.18
# ask policy payload=00
