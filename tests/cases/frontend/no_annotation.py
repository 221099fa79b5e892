import syrup


@syrup.jit
def policy(pkt) -> syrup.Executor:  # E: SYR105 not annotated
    return 0
