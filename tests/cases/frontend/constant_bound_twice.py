import syrup

N = 3
N = 4


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return N  # E: SYR104 cannot use `N`
