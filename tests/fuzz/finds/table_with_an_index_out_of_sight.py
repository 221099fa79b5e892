"""LLVM made a table of what came of several numbers, and its index was bounded by what no kernel follows."""

import syrup
from syrup import be16, i16, u32

SOME = (2, 5, 1)
stored = syrup.PerCpuArray(be16, 1)


@syrup.func
def store(left: i16, right: u32, extra: i16) -> syrup.Executor:
    stored[0] = right if right in SOME else left
    return extra


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    a = pkt.payload.be16(4)
    c = pkt.payload.u8(5)
    return store(i16(c << 16), a, 0)


# kernels 5.15 6.6 6.18
# ask policy payload=000000000005
# ask policy payload=000000000007
# ask policy payload=000000000100
