import syrup
from syrup import be32, u32, u64


@syrup.struct
class Event:
    port: u32


turn = syrup.Array(u64, 4)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return turn.compare_swap(0, 1)
    #      ^^^^^^^^^^^^^^^^^^^^^^^ E: SYR205 takes 3 arguments, not 2
    # help: `turn.compare_swap(key, old, new)`
