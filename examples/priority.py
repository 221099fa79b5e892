"""Keep workers free for the urgent requests: the less urgent a request, the fewer workers may serve it.

Use it when a request says how urgent it is. Urgent ones may go to every worker, normal ones to the first four, all
others to the first two; each goes to an idle one of these if there is any, as the workers say in `busy`, or else to
one of them at random. The last worker that it may have is asked first, for the less urgent cannot take that one.
"""

import syrup
from syrup import u64

WORKERS = 6
LEVEL = 0  # where a request says how urgent it is
URGENT = 1
NORMAL = 2

busy = syrup.Array(u64, WORKERS)


@syrup.jit
def priority(pkt: syrup.Packet) -> syrup.Executor:
    level = pkt.payload.u8(LEVEL)
    allowed = WORKERS if level == URGENT else 4 if level == NORMAL else 2
    for worker in range(WORKERS - 1, -1, -1):
        if worker < allowed and not busy[worker]:
            return worker
    return syrup.random() % allowed
