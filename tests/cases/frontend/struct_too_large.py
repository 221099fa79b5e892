import syrup
from syrup import u8, u32


@syrup.struct
class Key:  # E[1-9]: SYR106 1 to 512 are possible
# help: spread it over several structs
    slots: syrup.Elements[u32] = syrup.elements(200)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 0
