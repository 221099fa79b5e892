import syrup


@syrup.jit
def policy(pkt: syrup.Packet) -> str:
#                                ^^^ E: SYR105 returns `syrup.Executor`
# help: `def policy(pkt: syrup.Packet) -> syrup.Executor:`
    return 0
