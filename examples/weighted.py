"""Give each worker the share of the requests that user space sets.

Use it when workers differ in speed, or to try a new version on a few requests, or to drain a worker: set its share to
nothing. `share` holds percent, and the requests are drawn at random; what the shares leave of 100 goes to the default.
"""

import syrup
from syrup import u32

WORKERS = 6

share = syrup.Array(u32, WORKERS)


@syrup.jit
def weighted(pkt: syrup.Packet) -> syrup.Executor:
    ticket = syrup.random() % 100
    for worker in range(WORKERS):
        ticket -= share[worker]
        if ticket < 0:
            return worker
    return syrup.PASS
