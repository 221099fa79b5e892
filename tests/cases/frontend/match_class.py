import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    match serving[0]:
        case int():
        #    ^^^^^ E: SYR101 this pattern
        # help: a case is an integer constant, several with `|`, or `_`
            return 1
    return 0
