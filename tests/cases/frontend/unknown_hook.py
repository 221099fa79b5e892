import syrup


@syrup.jit(hook="disk")  # E: SYR105 no such hook
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 0
