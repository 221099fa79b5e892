import syrup


def policy(pkt: syrup.Packet) -> syrup.Executor:  # E[1-10]: SYR103 not marked as a policy
# help: write `@syrup.jit` above `def policy` (with `import syrup` at the top)
    return 0
