import syrup

table = syrup.Array(float, 4)
#                   ^^^^^ E: SYR106 neither an integer type nor a struct
# help: for example `u64`


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 0
