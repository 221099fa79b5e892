import syrup
from syrup import u64

turn = syrup.Array(u64, 1)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return min(turn[0], 7, pkt.payload.u8(0) - 3)
    #          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ E: SYR201 may be negative
    # help: `u64(...)` if it cannot be negative here
