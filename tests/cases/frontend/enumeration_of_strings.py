from enum import IntEnum

import syrup


class Kind(IntEnum):
    GET = len("a")
#   -------------- it is bound here


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return Kind.GET
    #      ^^^^ E: SYR104 cannot use `Kind`
    # help: give every member an integer: `GET = 1`
