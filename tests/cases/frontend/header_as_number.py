import syrup

GET = b"GET "


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return pkt.ip4 + 1
    #      ^^^^^^^^^^^ E: SYR203 the IPv4 header is not an integer
    #      ------- the IPv4 header
    # help: take a field of it: `pkt.ip4.dst`
