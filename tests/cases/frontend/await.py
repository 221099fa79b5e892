import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    x = await serving
    #   ^^^^^^^^^^^^^ E: SYR101 `await`
    # help: a policy decides at once; there is nothing to wait for
    return 0
