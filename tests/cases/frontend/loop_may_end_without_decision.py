import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    for i in range(3):
#   ^^^^^^^^^^^^^^^^^ E: SYR108 without a decision
#   ----------------- control can go on behind this
    # help: end every path with `return`
        if serving[i] == 0:
            return i
