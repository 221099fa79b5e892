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
    match turn[0]:
        case [1, 2]:
        #    ^^^^^^ E: SYR101 this pattern
        # help: a case is an integer constant, several with `|`, or `_`
            return 0
    return 1
