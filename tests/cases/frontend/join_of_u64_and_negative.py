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
    if pkt.payload.u8(0):
        x = turn[0]
        #   ------- here it is a u64
    else:
        x = -1
        #   ^^ E: SYR206 `x` is the constant -1 here
        # help: convert one of them: `u64(...)` or `int(...)`
    return x
