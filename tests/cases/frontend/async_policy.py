import syrup


@syrup.jit
async def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 0
# E@1: SYR103 no policy
