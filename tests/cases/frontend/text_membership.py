import syrup

GET = b"GET "


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 1 if GET in (GET, 3) else 0
    #           ^^^ E: SYR101 a bytes constant in this place
    #                  ^^^^^^^^ E: SYR101 a bytes constant in this place
    # help: it is for `pkt.payload[0:4] == b"GET "`, `.startswith(b"GET ")` and `.find(b" ", max=64)`
    # help: it is for `pkt.payload[0:4] == b"GET "`, `.startswith(b"GET ")` and `.find(b" ", max=64)`
