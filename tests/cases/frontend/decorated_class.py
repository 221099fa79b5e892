import syrup


@syrup.jit  # E[2-10]: SYR105 `Policy` is a class
# help: a policy is a function: `def schedule(…)`
class Policy:
    pass
