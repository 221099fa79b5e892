import syrup


@syrup.jit
def policy(pkt: syrup.Packet):  # E[1-10]: SYR105 a policy returns `syrup.Executor`
# help: `def policy(pkt: syrup.Packet) -> syrup.Executor:`
    return 0
