import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    syrup.trace("{} {}", 1)
#   ^^^^^^^^^^^^^^^^^^^^^^^ E: SYR205 `trace` takes a constant text
    # help: `syrup.trace("kind {}", kind)`
    return 0
