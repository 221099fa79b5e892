import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return u46(pkt.payload.u8(0))
    #      ^^^ E: SYR104 `u46` is not defined
    # help: did you mean `u64`?
