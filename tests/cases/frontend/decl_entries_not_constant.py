import os

import syrup
from syrup import u64

N = os.cpu_count()
table = syrup.Array(u64, N)
#                        ^ E: SYR106 not a constant
# help: write a number, or a constant: `WORKERS = 6`


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 0
