import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return seen[-1]
    #      ^^^^^^^^ E: SYR202 -1 is no key of `seen`
    #           -- no key of `seen`
    # help: use one of those, or declare its keys with a wider type
