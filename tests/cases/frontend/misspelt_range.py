import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    for i in syrup.rnge(3, max=4):
    #        ^^^^^^^^^^ E: SYR104 `syrup.rnge` does not exist
    # help: did you mean `syrup.range`?
        pass
    return 0
