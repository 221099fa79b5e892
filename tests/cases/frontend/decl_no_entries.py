import syrup
from syrup import u64

table = syrup.Array(u64, 0)
#                        ^ E: SYR106 holds 1 to
#                        - this is 0
# help: write how many there are at most: `1024`


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 0
