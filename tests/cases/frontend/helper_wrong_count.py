import syrup
from syrup import u8, u64

serving = syrup.Array(u64, 4)


@syrup.func
def double(n: int) -> int:
    return n * 2


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return double(1, 2)
    #      ^^^^^^^^^^^^ E: SYR205 takes 1 argument, not 2
    # help: `double(n)`
