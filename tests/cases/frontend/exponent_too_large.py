import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 3 ** 65
    #      ^^^^^^^ E: SYR202 64 bits
    # help: the largest value is `(1 << 64) - 1`, the smallest `-(1 << 63)`
