"""Send every request for a key to the worker that owns the key's partition.

Use it when workers cache, lock or store by key: one key is only ever touched by one worker, from whatever flow it is
asked for. Multiplying by an odd constant near 2**64 / 1.618 and keeping the middle bits spreads neighbouring keys.
"""

import syrup

WORKERS = 6
KEY = 8  # where a request says its key: see benchmarks/demo/protocol.py
GOLDEN = 0x9E37_79B9_7F4A_7C15


@syrup.jit
def key_hash(pkt: syrup.Packet) -> syrup.Executor:
    key = pkt.payload.u64(KEY)
    return (key * GOLDEN >> 32 & 0xFFFF_FFFF) % WORKERS
