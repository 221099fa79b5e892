"""Let a tenant have a number of requests a second, and a burst of them at once, and drop the rest.

A token bucket that needs no refill: `due` says when a tenant's bucket is full again (the generic cell rate algorithm).
Use it when no process of yours should have to fill tokens. Who serves a request, and tenants that are too many for the
table, are left to the default.
"""

import syrup
from syrup import u32, u64

TENANTS = 1024
TENANT = 2  # where a request says whose it is: see benchmarks/demo/protocol.py
COST = 1_000_000  # nanoseconds for each request: 1000 requests a second
BURST = 50 * COST

due = syrup.HashMap(u32, u64, TENANTS)


@syrup.jit
def rate_limit(pkt: syrup.Packet) -> syrup.Executor:
    tenant = pkt.payload.be16(TENANT)
    now = syrup.now_ns()
    full = max(due.get(tenant, 0), now)
    if full - now >= BURST:
        return syrup.DROP
    due[tenant] = full + COST
    return syrup.PASS
