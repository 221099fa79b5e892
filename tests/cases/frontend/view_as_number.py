import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return pkt.payload + 1
    #      ^^^^^^^^^^^^^^^ E: SYR203 a view of bytes is not an integer
    #      ----------- a view of bytes
    # help: read a number from it: `pkt.payload.u8(0)`, or take its length: `len(pkt.payload)`
