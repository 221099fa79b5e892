import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    if pkt:
    #  ^^^ E: SYR203 a Packet is not an integer
    #  --- a Packet
    # help: read a number from it: `pkt.payload.u8(0)`, or take its length: `len(pkt.payload)`
        return 1
    return 0
