import syrup

GET = b"GET "


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return pkt.payload.find(pkt.src_port, max=64)
    #      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ E: SYR203 this may be no byte
    #                       ------------ not surely 0 to 255
    # help: take its lowest byte: `u8(pkt.src_port)`
