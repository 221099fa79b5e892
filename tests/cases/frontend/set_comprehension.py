import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    x = {i for i in range(3)}
    #   ^^^^^^^^^^^^^^^^^^^^^ E: SYR101 a set comprehension
    # help: use `for i in range(n)` with a constant `n`
    return 0
