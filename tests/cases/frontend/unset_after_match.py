import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    match pkt.payload.u8(0):
        case 1:
            n = 1
#           - it is assigned here
        case 2:
            n = 2
#           - it is assigned here
    return n
    #      ^ E: SYR107 `n` may be unset
    # help: give it a value first: `n = 0`
