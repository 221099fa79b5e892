import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    for serving[0] in range(3):
    #   ^^^^^^^^^^ E: SYR101 storing into an element
    # help: keep state in a map: `table[key] = value`
        pass
    return 0
