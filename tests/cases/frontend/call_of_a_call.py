import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return serving.get(0, 0)()
    #      ^^^^^^^^^^^^^^^^^ E: SYR101 a call of an expression
    # help: call a function by its name
