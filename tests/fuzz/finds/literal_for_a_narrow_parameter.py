"""A literal argument was judged by the unsigned type that it would have as a variable: 256 was no i16."""

import syrup
from syrup import i8, i16


@syrup.func
def larger(left: i16, right: i8) -> i16:
    return left if left > right else right


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    if pkt.payload.u8(0):
        return larger(256, 127) >> 6
    return larger(-32768, 1)


# kernels 5.15 6.18
# ask policy payload=00
# ask policy payload=01
