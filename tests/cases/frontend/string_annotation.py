import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    n: "str" = 3
    #  ^^^^^ E: SYR106 neither an integer type nor a struct
    # help: write `int`
    return n
