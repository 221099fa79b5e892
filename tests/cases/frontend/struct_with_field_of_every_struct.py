import syrup
from syrup import u32


@syrup.struct
class Request:
    from_bytes: u32
#   ^^^^^^^^^^ E: SYR106 every struct has a method of that name


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 1
