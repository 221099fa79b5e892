import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return serving.get(9, -1)
    #      ^^^^^^^^^^^^^^^^^^ E: SYR202 9 is no index of `serving`
    #                  - no index of `serving`
    # help: use one of those, or declare more entries
