import syrup

GET = b"GET "


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 1 if pkt.payload.startswith(71) else 0
    #           ^^^^^^^^^^^^^^^^^^^^^^^^^^ E: SYR203 `startswith` takes a bytes constant
    #                                  -- the constant 71
    # help: a byte is compared so: `.u8(0) == 71`
