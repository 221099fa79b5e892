import syrup
from syrup import u8, u64

serving = syrup.Array(u64, 4)


@syrup.func
@print  # E[2-6]: SYR105 stands alone
# help: write `@syrup.func` alone
def double(n: int) -> int:
    return n * 2


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 0
