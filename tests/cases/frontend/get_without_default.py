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
    return seen.get(3)
    #      ^^^^^^^^^^^ E: SYR205 2 arguments
    # help: `seen.get(key, default)`
