"""Let a user have as many requests as it has tokens, and drop the rest.

Use it when one user's load must not become the others' latency. User space fills `left` as often as it likes: that
is each user's rate; a user without an entry is dropped. Who serves a request is left to the default.
"""

import syrup
from syrup import u32

USERS = 1024
USER = 2  # where a request says whose it is: see benchmarks/demo/protocol.py

left = syrup.HashMap(u32, int, USERS)


@syrup.jit
def tokens(pkt: syrup.Packet) -> syrup.Executor:
    user = pkt.payload.be16(USER)
    if user not in left or left.fetch_add(user, -1) <= 0:
        return syrup.DROP
    return syrup.PASS
