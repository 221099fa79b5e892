import syrup


@syrup.jit
async def policy(pkt: syrup.Packet) -> syrup.Executor:  # E[1-16]: SYR105 is `async`
# help: a policy decides at once: remove `async`
    return 0
