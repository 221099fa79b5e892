import syrup
from syrup import u8, u64

serving = syrup.Array(u64, 4)


@syrup.func
def take(n: int) -> int:
    return serving[0] + n
    #      ^^^^^^^^^^^^^^ E: SYR201 may be negative
    #      ---------- a u64
    #                   - an int that may be negative
    # help: `u64(n)` if it cannot be negative here


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return take(-1)
