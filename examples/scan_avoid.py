"""Avoid the workers that are busy with a long request, as they say themselves.

Use it when any worker may serve anything, and a long request is known for what it is only once it is served. Each
worker stores what it serves in `serving`: a plain store into shared memory, no system call. The others take turns; if
all serve a long one, the default decides.
"""

import syrup
from syrup import u64

WORKERS = 6
SCAN = 2

serving = syrup.Array(u64, WORKERS)
turn = syrup.Array(u64, 1)


@syrup.jit
def scan_avoid(pkt: syrup.Packet) -> syrup.Executor:
    for _ in range(WORKERS):
        worker = turn.fetch_add(0, 1) % WORKERS
        if serving[worker] != SCAN:
            return worker
    return syrup.PASS
