import syrup

GET = b"GET "


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    pkt.ip4.ttl = 3  # E[5-15]: SYR101 storing into an attribute
    # help: packets and records never change; keep state in a map, and make a new record to store it
    return 0
