import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return (
        serving[0]  # E[9-14:12]: SYR201 may be negative
#       ---------- a u64
        + -1
        # -- the constant -1
        # help: `int(serving[0])` if it is below 2**63 here
    )
