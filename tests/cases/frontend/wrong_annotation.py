import syrup


@syrup.jit
def policy(pkt: int) -> syrup.Executor:
#               ^^^ E: SYR105 not annotated
# help: `def policy(pkt: syrup.Packet) -> syrup.Executor:`
    return 0
