import syrup

GET = b"GET "


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return pkt.payload.find(b" ", 64)
    #      ^^^^^^^^^^^^^^^^^^^^^^^^^^ E: SYR205 `find` takes a byte and how many bytes to look at
    # help: `pkt.payload.find(b" ", max=64)`
