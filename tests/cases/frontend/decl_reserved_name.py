import syrup
from syrup import u64

syrup_table = syrup.Array(u64, 4)  # E[1-11]: SYR106 cannot be the name
# help: give it another name


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 0
