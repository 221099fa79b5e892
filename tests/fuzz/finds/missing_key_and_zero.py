"""Whether a key is missing and whether a number is zero became one test of a pointer or'ed with the number."""

import syrup
from syrup import u32, u64

table = syrup.HashMap(u32, u64, 3)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    a = 1
    c = pkt.payload.u64(0)
    if (0 not in table) > c:
        a = 0
    return a


@syrup.jit
def tested(pkt: syrup.Packet) -> syrup.Executor:
    a = 1
    c = pkt.payload.u64(0)
    ref = table.lookup(1)
    if ref is None and c == 0:
        a = 0
    return a


@syrup.jit
def bits(pkt: syrup.Packet) -> syrup.Executor:
    c = pkt.payload.u64(0)
    ref = table.lookup(1)
    missing = ref is None
    if (0 not in table) & (c == 0):
        return 2
    if missing & (c == 0) or missing == c:
        return 3
    return 4


# kernels 5.15 6.1 6.6 6.12 6.18
# preset table[1] = 7
# ask policy payload=0000000000000000
# ask policy payload=0100000000000000
# ask tested payload=0000000000000000
# ask tested payload=0100000000000000
# ask bits payload=0000000000000000
# ask bits payload=0100000000000000
