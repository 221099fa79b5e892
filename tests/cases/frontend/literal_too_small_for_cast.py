import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return u8(-1)
    #      ^^^^^^ E: SYR202 does not fit u8
    #         -- does not fit u8
    # help: store what is left of it: `255`, or declare a wider type
