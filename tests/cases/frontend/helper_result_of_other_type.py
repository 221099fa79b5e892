import syrup
from syrup import u8, u64

serving = syrup.Array(u64, 4)


@syrup.func
def double(n: int) -> u8:
    return n * 2
    #      ^^^^^ E: SYR207 the annotation says u8
    # help: convert: `u8(n * 2)`, or annotate `int`


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return double(3)
