import syrup

GET = b"GET "


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return pkt.tcp.seq
    #      ^^^^^^^ E: SYR210 the hook `socket` does not see the TCP header
    # help: there a packet has `payload`, `ip4`, `ip6`, `udp`
