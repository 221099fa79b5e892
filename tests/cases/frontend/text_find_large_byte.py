import syrup

GET = b"GET "


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return pkt.payload.find(256, max=64)
    #      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ E: SYR202 256 is not one byte
    #                       --- not one byte
    # help: write a number from 0 to 255, or a bytes constant of one byte: `b" "`
