"""Keep a flow with one worker, by the hash that the kernel computed over its addresses and ports.

Use it where a worker keeps state per client. It spreads the flows as the default does, but by a rule that you can see
and change: give a worker fewer flows, or none.
"""

import syrup

WORKERS = 6


@syrup.jit
def flow_hash(pkt: syrup.Packet) -> syrup.Executor:
    return pkt.flow_hash % WORKERS
