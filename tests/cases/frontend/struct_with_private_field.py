import syrup
from syrup import u8, u32


@syrup.struct
class Key:
    _port: u32
#   ^^^^^ E: SYR106 starts with `_`
    # help: call it `port`


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 0
