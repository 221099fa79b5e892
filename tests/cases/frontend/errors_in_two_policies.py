import syrup


@syrup.jit
def first(pkt: syrup.Packet) -> syrup.Executor:
    return [0]
    #      ^^^ E: SYR101 a list


@syrup.jit
def second(pkt: syrup.Packet) -> syrup.Executor:
    return {0}
    #      ^^^ E: SYR101 a set
