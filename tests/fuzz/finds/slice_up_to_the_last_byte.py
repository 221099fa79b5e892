"""An index was not proven: bounds of a sum that a comparison narrows were not held against each other."""

import syrup


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    b = pkt.payload.be16(0)
    if b - min(len(pkt.payload), 1):
        pass
    elif b" " != pkt.payload[b:-1]:
        pass
    return 0


# kernels 5.15 6.12 6.18
# ask policy payload=0001200061
