import syrup
from syrup import u64

table = syrup.HashMap(u64, 4)
#       ^^^^^^^^^^^^^^^^^^^^^ E: SYR106 is not declared as
# help: for example `table = syrup.HashMap(u32, u64, 1024)`


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 0
