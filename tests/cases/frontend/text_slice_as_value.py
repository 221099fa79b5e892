import syrup

GET = b"GET "


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    word = pkt.payload[0:4]
    #      ^^^^^^^^^^^^^^^^ E: SYR101 a slice outside a comparison
    # help: compare it: `pkt.payload[0:4] == b"GET "`
    return 0
