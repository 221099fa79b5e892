import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    del pkt.payload
    #   ^^^^^^^^^^^ E: SYR101 `del` of a variable
    # help: assign another value, or leave it
    return 0
