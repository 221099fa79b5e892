import syrup
from syrup import u8, u64

serving = syrup.Array(u64, 4)


@syrup.func
def double(n: u8) -> int:
    return n * 2


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return double(pkt.src_port)
    #      ^^^^^^^^^^^^^^^^^^^^ E: SYR207 `n` of `double` is annotated u8
    #             ------------ an int that cannot be negative
    # help: convert: `u8(pkt.src_port)`
