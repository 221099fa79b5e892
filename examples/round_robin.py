"""Take the workers in turn.

Use it when requests cost about the same and the default puts many flows on few workers: every worker gets the same
number of datagrams, whatever flows they come from. Datagrams of one flow go to different workers.
"""

import syrup
from syrup import u64

WORKERS = 6

turn = syrup.Array(u64, 1)


@syrup.jit
def round_robin(pkt: syrup.Packet) -> syrup.Executor:
    return turn.fetch_add(0, 1) % WORKERS
