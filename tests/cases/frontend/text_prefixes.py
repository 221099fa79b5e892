import syrup

GET = b"GET "


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 1 if pkt.payload.startswith((GET, b"SET ")) else 0
    #                                  ^^^^^^^^^^^^^^ E: SYR101 a tuple of prefixes
    # help: test one after the other, with `or`
