import os

import syrup


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return os.cpu_count()  # E: SYR104 cannot use `os`
