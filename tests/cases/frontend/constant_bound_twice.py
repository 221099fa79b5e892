import syrup

N = 3
N = 4  # -[1-5] it is bound here


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return N
    #      ^ E: SYR104 cannot use `N`
    # help: bind it once, or keep what changes in a map
