"""A helper that one policy calls with what it can take was rejected for the other one, which does not call it."""

import syrup
from syrup import u64


@syrup.func
def later(now: u64, steps: int) -> u64:
    return now + steps


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return later(pkt.payload.u64(0), pkt.payload.u8(0)) & 7


@syrup.jit
def second(pkt: syrup.Packet) -> syrup.Executor:
    return pkt.payload.u8(0)


# kernels 5.15 6.18
# ask policy payload=0100000000000000
# ask second payload=0100000000000000
