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
    for i in range(1.5):
    #              ^^^ E: SYR101 a float is not in the policy language
    # help: scale to integers, for example count in thousandths
        pass
    for i in range(WORKERS):
    #              ^^^^^^^ E: SYR104 `WORKERS` is not defined
    # help: assign it first, or declare it at the top of the file
        pass
    return 0
