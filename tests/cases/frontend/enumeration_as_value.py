from enum import IntEnum

import syrup


class Kind(IntEnum):
    GET = 1


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return Kind  # E: SYR104 cannot use `Kind`
