import syrup
from syrup import u8, u64

serving = syrup.Array(u64, 4)


@syrup.func
def double(n: int) -> int:
    return n * 2


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return duoble(1)
    #      ^^^^^^ E: SYR104 `duoble` is not defined
    # help: did you mean `double`?
