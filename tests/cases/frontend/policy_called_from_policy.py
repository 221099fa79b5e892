import syrup


@syrup.jit
def first(pkt: syrup.Packet) -> syrup.Executor:
    return 0


@syrup.jit
def second(pkt: syrup.Packet) -> syrup.Executor:
    return first(pkt)
    #      ^^^^^ E: SYR104 cannot use `first`
    # help: put what both need into a `@syrup.func`; repeat with a loop
