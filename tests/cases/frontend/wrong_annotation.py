import syrup


@syrup.jit
def policy(pkt: int) -> syrup.Executor:  # E: SYR105 not annotated
    return 0
