import syrup

GET = b"GET "


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return pkt.ip4.tll
    #      ^^^^^^^^^^^ E: SYR204 no attribute `tll`
    # help: did you mean `ttl`?
