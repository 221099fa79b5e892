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
    return min(turn[0], pkt.payload.u8(0) - 3)
    #      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ E: SYR201 may be negative
    #          ------- a u64
    #                   --------------------- an int that may be negative
    # help: `u64(pkt.payload.u8(0) - 3)` if it cannot be negative here
