import syrup


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor
    return 0  # no colon above
# E@5: SYR102 expected
