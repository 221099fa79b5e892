import functools

import syrup


@syrup.jit
@functools.cache  # E[2-16]: SYR105 no decorator but
# help: remove `@functools.cache`
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 0
