import syrup
from syrup import u64

table = syrup.Arry(u64, 4)
#       ^^^^^^^^^^ E: SYR104 `syrup.Arry` does not exist
# help: did you mean `syrup.Array`?


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 0
