import syrup


@syrup.jit(hook="scoket")
#               ^^^^^^^^ E: SYR105 no such hook
# help: did you mean `"socket"`?
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 0
