import syrup

table = syrup.Array(syrup.u46, 4)
#                   ^^^^^^^^^ E: SYR106 `syrup.u46` is neither an integer type nor a struct
# help: did you mean `syrup.u64`?


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 0
