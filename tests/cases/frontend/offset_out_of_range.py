import syrup
from syrup import u8, u32, u64

N = 6
PAIR = (1, 2)
turn = syrup.Array(u64, 1)
seen = syrup.HashMap(u32, u8, 16)
small = syrup.Array(u8, 4)


def helper(x):
    return x


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return pkt.payload.u8(65536)
    #      ^^^^^^^^^^^^^^^^^^^^^ E: SYR202 no datagram
    #                     ----- always past the end
    # help: the last byte of a view is at `len(view) - 1`
