import syrup

GET = b"GET "


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 1 if pkt.payload.startswith("GET ") else 0
    #                                  ^^^^^^ E: SYR101 a string
    # help: packets hold bytes: `pkt.payload.startswith(b"GET ")`
