"""Give the long requests a worker of their own, and take the others in turn for the short ones.

Size-interval task assignment. Use it when a request says how long it takes, and the long ones together fit on one
worker: no short request ever waits behind a long one. A datagram too short to say what it is goes to the default.
"""

import syrup
from syrup import u64

WORKERS = 6
KIND = 0  # where a request says what it is: see benchmarks/demo/protocol.py
SCAN = 2

turn = syrup.Array(u64, 1)


@syrup.jit
def sita(pkt: syrup.Packet) -> syrup.Executor:
    if pkt.payload.u8(KIND) == SCAN:
        return WORKERS - 1
    return turn.fetch_add(0, 1) % (WORKERS - 1)
