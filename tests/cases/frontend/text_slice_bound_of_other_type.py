import syrup

GET = b"GET "


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 1 if pkt.payload[pkt:] == GET else 0
    #           ^^^^^^^^^^^^^^^^^ E: SYR203 a Packet is not an integer
    #                       --- a Packet
    # help: read a number from it: `pkt.payload.u8(0)`, or take its length: `len(pkt.payload)`
