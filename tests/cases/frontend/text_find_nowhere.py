import syrup

GET = b"GET "


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return pkt.payload.find(b" ", max=0)
    #                                 ^ E: SYR202 `find` looks at 1 to
    # help: say how many bytes it may look at, which costs time for each: `max=64`
