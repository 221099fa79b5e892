import syrup


@syrup.jit(hok="socket")  # E[2-24]: SYR105 takes `hook=` and `kernel=` only
# help: `@syrup.jit(hook="socket")`
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 0
