import os
#      -- it is bound here

import syrup


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return os.cpu_count()
    #      ^^ E: SYR104 cannot use `os`
    # help: write its value as a constant, or let user space store it in a map
