import syrup

GET = b"GET "


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 1 if len(pkt.payload).startswith(GET) else 0
    #           ^^^^^^^^^^^^^^^^^^^^^^^^^^^ E: SYR204 no attribute `startswith`
    # help: a view of a packet has it: `pkt.payload.startswith`
