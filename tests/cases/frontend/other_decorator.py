import functools

import syrup


@syrup.jit
@functools.cache  # E: SYR105 no decorator but
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 0
