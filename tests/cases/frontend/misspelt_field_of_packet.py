import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return pkt.src_prot
    #      ^^^^^^^^^^^^ E: SYR204 no attribute `src_prot`
    # help: did you mean `src_port`?
