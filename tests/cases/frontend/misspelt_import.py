import syrup
from syrup import u46
#                 ^^^ E: SYR110 `syrup` has no `u46`
# help: did you mean `u64`?

table = syrup.Array(u46, 4)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 0
