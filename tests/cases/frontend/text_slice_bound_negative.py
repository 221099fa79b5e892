import syrup

GET = b"GET "


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    n = len(pkt.payload) - 4  # -[5-5] `n` gets its value here
    return 1 if pkt.payload[n:] == GET else 0
    #           ^^^^^^^^^^^^^^^ E: SYR203 the bound of a slice may be negative
    #                       - an int that may be negative
    # help: `u64(n)` if it cannot be negative here
