import syrup

GET = b"GET "


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 1 if pkt.payload.startswith() else 0
    #           ^^^^^^^^^^^^^^^^^^^^^^^^ E: SYR205 `startswith` takes 1 argument
    # help: for example `pkt.payload.startswith(b"GET ")`
