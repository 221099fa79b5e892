import syrup
from syrup import u64

table = syrup.Array(u64, 4)
table = syrup.Array(u64, 8)  # -[1-27] it is bound here


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return table[0]
    #      ^^^^^ E: SYR104 cannot use `table`
    # help: bind it once, or keep what changes in a map
