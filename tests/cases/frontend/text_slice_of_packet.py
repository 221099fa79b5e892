import syrup

GET = b"GET "


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 1 if pkt[0:4] == GET else 0
    #           ^^^^^^^^ E: SYR203 a slice of a Packet
    #           --- a Packet
    # help: the bytes of a packet are its views: `pkt.payload[0:4] == b"GET "`
