from enum import IntEnum

import syrup


class Kind(IntEnum):
    GET = 1
    SCAN = 2


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 1 if pkt.payload.u8(0) == Kind.SCNA else 0
    #                                ^^^^^^^^^ E: SYR104 `Kind` has no member `SCNA`
    # help: did you mean `Kind.SCAN`?
