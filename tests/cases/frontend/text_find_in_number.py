import syrup

GET = b"GET "


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return pkt.src_port.find(1, max=64)
    #      ^^^^^^^^^^^^^^^^^ E: SYR204 an int that cannot be negative has no attribute `find`
    # help: a view of a packet has it: `pkt.payload.find`
