import syrup
from syrup import u8, u64

serving = syrup.Array(u64, 4)


@syrup.func
def double(n: int) -> int:
    if n > 3:
#   ^^^^^^^^ E: SYR108 may end without a result
#   -------- control can go on behind this
    # help: end every path with `return`
        return n * 2


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return double(3)
