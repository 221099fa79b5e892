import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return entirely_else
    #      ^^^^^^^^^^^^^ E: SYR104 `entirely_else` is not defined
    # help: assign it first, or declare it at the top of the file
