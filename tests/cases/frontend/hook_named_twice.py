import syrup


@syrup.jit(hook=("socket", "socket"))
#               ^^^^^^^^^^^^^^^^^^^^ E: SYR105 a hook is named twice
# help: name each hook once
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 0
