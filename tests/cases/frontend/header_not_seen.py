import syrup

GET = b"GET "


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return pkt.eth.type
    #      ^^^^^^^ E: SYR210 the hook `socket` does not see the Ethernet header
    # help: there a packet has `payload`, `ip4`, `ip6`, `udp`
