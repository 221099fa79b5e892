import syrup


@syrup.jit
def policy(pkt: syrup.Packet = None) -> syrup.Executor:  # E[1-10]: SYR105 exactly one input
# help: `def policy(pkt: syrup.Packet) -> syrup.Executor:`
    return 0
