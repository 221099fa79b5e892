import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 1 if syrup.PASS == 3 else 0
    #           ^^^^^^^^^^^^^^^ E: SYR203 a decision is not an integer
    #           ---------- a decision
    # help: return it at once: `return syrup.PASS`; numbers are the indexes of executors
