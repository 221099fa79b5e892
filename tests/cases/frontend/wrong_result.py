import syrup


@syrup.jit
def policy(pkt: syrup.Packet) -> str:  # E: SYR105 returns `syrup.Executor`
    return 0
