import syrup
from syrup import u64

make = lambda: syrup.Array(u64, 4)
table = make()  # -[1-14] it is bound here


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return table[0]
    #      ^^^^^ E: SYR104 cannot use `table`
    # help: write the number, or let user space store it in a map
