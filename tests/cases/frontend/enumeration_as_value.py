from enum import IntEnum

import syrup


class Kind(IntEnum):  # -[1-10] it is bound here
    GET = 1


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return Kind
    #      ^^^^ E: SYR104 cannot use `Kind`
    # help: name a member: `Kind.GET`
