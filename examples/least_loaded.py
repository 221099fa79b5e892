"""Give each request to the worker that has the least to do, as the workers say themselves.

Use it when requests differ in cost and the workers know how much waits for them: each stores a number in `load`
(requests in hand, bytes, milliseconds), a plain store into shared memory. Of several that have least, the next in turn
serves.
"""

import syrup
from syrup import u64

WORKERS = 6

load = syrup.Array(u64, WORKERS)
turn = syrup.Array(u64, 1)


@syrup.jit
def least_loaded(pkt: syrup.Packet) -> syrup.Executor:
    start = turn.fetch_add(0, 1) % WORKERS
    best, least = start, load[start]
    for step in range(1, WORKERS):
        worker = (start + step) % WORKERS
        if (found := load[worker]) < least:
            best, least = worker, found
    return best
