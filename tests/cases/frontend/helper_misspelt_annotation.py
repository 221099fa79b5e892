import syrup
from syrup import u8, u64

serving = syrup.Array(u64, 4)


@syrup.func
def double(n: u46) -> int:
#             ^^^ E: SYR105 the parameter `n` is not annotated
# help: did you mean `u64`?
    return 2


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 0
