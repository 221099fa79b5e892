import syrup


@syrup.jit(hook="disk")
#               ^^^^^^ E: SYR105 no such hook
# help: for example `hook="socket"`
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 0
