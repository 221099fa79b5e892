import syrup

GET = b"GET "


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 1 if pkt.payload[0:8:2] == GET else 0
    #                           ^ E: SYR101 the step of a slice
    # help: compare the bytes one by one: `.u8(i)`
