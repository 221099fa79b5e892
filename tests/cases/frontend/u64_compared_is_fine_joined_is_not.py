import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    n = serving[0] if pkt.payload.u8(0) else -1
    #                                        ^^ E: SYR206 on another path
    #   ---------- here it is a u64
    # help: convert one of them: `u64(...)` or `int(...)`
    return 0
