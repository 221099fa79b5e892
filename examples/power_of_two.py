"""Look at two workers, chosen at random, and take the one that has less to do.

The power of two choices. Use it when there are many workers, or when what they say of their load is a little old: it
comes close to the least loaded one at the cost of two looks, and a worker that said "nothing to do" is not flooded.
"""

import syrup
from syrup import u64

WORKERS = 6

load = syrup.Array(u64, WORKERS)


@syrup.jit
def power_of_two(pkt: syrup.Packet) -> syrup.Executor:
    first = syrup.random() % WORKERS
    second = (first + 1 + syrup.random() % (WORKERS - 1)) % WORKERS
    return first if load[first] <= load[second] else second
