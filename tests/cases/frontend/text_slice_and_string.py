import syrup

GET = b"GET "


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 1 if pkt.payload[0:4] == "GET " else 0
    #                               ^^^^^^ E: SYR101 comparing a slice with this
    # help: compare it with a bytes constant: `b"GET "`
