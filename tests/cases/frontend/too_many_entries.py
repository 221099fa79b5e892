import syrup
from syrup import u64

table = syrup.Array(u64, 1 << 40)
#                        ^^^^^^^ E: SYR106 a map holds 1 to
#                        ------- this is 1099511627776
# help: write how many there are at most: `1024`


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 0
