import syrup

GET = b"GET "


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 1 if pkt.payload[0:4] < b"GET " else 0
    #           ^^^^^^^^^^^^^^^^ E: SYR101 a slice outside a comparison
    #                              ^^^^^^^ E: SYR101 a bytes constant in this place
    # help: compare it: `pkt.payload[0:4] == b"GET "`
    # help: it is for `pkt.payload[0:4] == b"GET "`, `.startswith(b"GET ")` and `.find(b" ", max=64)`
