import syrup

table = syrup.Array(float, 4)  # E: SYR106 not an integer type


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 0
