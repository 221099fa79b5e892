import syrup

SHARE = 0.5  # -[1-11] it is bound here


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return pkt.payload.u8(0) * SHARE
    #                          ^^^^^ E: SYR104 cannot use `SHARE`
    # help: write the number, or let user space store it in a map
