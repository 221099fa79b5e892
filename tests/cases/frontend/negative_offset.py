import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return pkt.payload.u16(-2)
    #      ^^^^^^^^^^^^^^^^^^^ E: SYR202 no datagram has bytes at -2
    #                      -- negative
    # help: the last byte of a view is at `len(view) - 1`
