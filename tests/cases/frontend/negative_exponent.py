import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return pkt.payload.u8(0) ** -1
    #      ^^^^^^^^^^^^^^^^^^^^^^^ E: SYR203 exponent
    #                           -- the constant -1
    # help: for a power of two, shift: `1 << n`
