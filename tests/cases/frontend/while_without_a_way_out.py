"""A loop that nothing leaves, in a policy that decides after it, and inside another loop."""

import syrup
from syrup import u64

SPIN = True

turn = syrup.Array(u64, 1)


@syrup.jit
def first(pkt: syrup.Packet) -> syrup.Executor:
    while True:  # E: SYR109 never ends
        turn[0] += 1
    return 1


@syrup.jit
def second(pkt: syrup.Packet) -> syrup.Executor:
    for i in range(3):
        while SPIN:  # E: SYR109 never ends
            i += 1
            if i > 7:
                continue
    return 1


@syrup.jit
def third(pkt: syrup.Packet) -> syrup.Executor:
    while not False:  # E: SYR109 never ends
        turn[0] += 1


@syrup.jit
def left(pkt: syrup.Packet) -> syrup.Executor:
    while True:
        turn[0] += 1
        if turn[0] == 3:
            break
    while True:
        if pkt.src_port > 3:
            return 1
