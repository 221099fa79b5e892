import syrup


@syrup.jit
def policy(pkt: syrup.Packet, n: int) -> syrup.Executor:  # E: SYR105 exactly one input
    return 0
