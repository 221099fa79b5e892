import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 1 if 0 < serving[0] in (1, 2) else 0
    #           ^^^^^^^^^^^^^^^^^^^^^^^^ E: SYR101 `in` inside a chained comparison
    # help: split it with `and`
