import syrup

GET = b"GET "


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return pkt.udp.u16(7)
    #      ^^^^^^^^^^^^^^ E: SYR202 no UDP header has bytes at 7
    #                  - always past the end
    # help: the last byte of a view is at `len(view) - 1`
