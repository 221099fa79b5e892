import syrup

table = syrup.Array(float, 4)  # E: SYR106 neither an integer type nor a struct


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 0
