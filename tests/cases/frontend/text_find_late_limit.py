import syrup

GET = b"GET "


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return pkt.payload.find(b" ", max=len(pkt.payload))
    #                                 ^^^^^^^^^^^^^^^^ E: SYR109 how far `find` looks is not a constant
    # help: say how many bytes it may look at, which costs time for each: `max=64`
