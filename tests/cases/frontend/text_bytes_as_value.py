import syrup

GET = b"GET "


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    prefix = b"GET "
    #        ^^^^^^^ E: SYR101 a bytes constant in this place
    # help: it is for `pkt.payload[0:4] == b"GET "`, `.startswith(b"GET ")` and `.find(b" ", max=64)`
    return 0 if prefix else 1
