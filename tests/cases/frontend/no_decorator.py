import syrup


def policy(pkt: syrup.Packet) -> syrup.Executor:  # E: SYR103 not marked as a policy
    return 0
