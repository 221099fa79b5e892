import syrup


@syrup.jti  # E[2-10]: SYR104 `syrup.jti` does not exist
# help: did you mean `syrup.jit`?
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 0
