import syrup


@syrup.jit(kernel="5.16")
#                 ^^^^^^ E: SYR105 no such kernel
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 1
