"""Keep each key with the worker that served it first, unless that worker is overloaded.

Use it when workers cache by key, and a hot key must not queue behind others: the owner serves as long as it says in
`load` that less than BUSY requests wait; then the next in turn helps out, and the key stays where it is. User space may
move a key, or forget it, by writing to `owner`. If the table is full, the default decides on new keys.
"""

import syrup
from syrup import u32, u64

WORKERS = 6
BUSY = 8
KEYS = 65_536
KEY = 8  # where a request says its key: see benchmarks/demo/protocol.py

owner = syrup.HashMap(u64, u32, KEYS)
load = syrup.Array(u64, WORKERS)
turn = syrup.Array(u64, 1)


@syrup.jit
def sticky(pkt: syrup.Packet) -> syrup.Executor:
    key = pkt.payload.u64(KEY)
    first = owner.get(key, WORKERS)
    if first < WORKERS and load[first] < BUSY:
        return first
    helper = turn.fetch_add(0, 1) % WORKERS
    if first >= WORKERS:
        owner[key] = helper
    return helper
