import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    for a, b in ((1, 2), (3, 4)):
    #   ^^^^ E: SYR101 unpacking
    # help: give as many values, separated by commas: `a, b = x, y`
        pass
    return 0
