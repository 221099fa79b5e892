import syrup

GET = b"GET "


@syrup.func
def kind(pkt: syrup.Packet) -> int:
    return pkt.eth.type
    #      ^^^^^^^ E: SYR210 does not see the Ethernet header
    # help: there a packet has `payload`, `ip4`, `ip6`, `udp`


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return kind(pkt)
