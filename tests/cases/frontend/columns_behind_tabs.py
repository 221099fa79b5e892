import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    n = serving[0]
#   - `n` gets its value here
    return	n + -1
    #      ^^^^^^ E: SYR201 may be negative
    #      - a u64
    #          -- the constant -1
    # help: `int(n)` if it is below 2**63 here
