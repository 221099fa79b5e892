import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.struct
class Flow:
    packets: u64
    kind: u8


flows = syrup.HashMap(u32, Flow, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return pkt.payload.read(Flwo, 0).kind
    #      ^^^^^^^^^^^^^^^^^^^^^^^^^ E: SYR205 `read` takes a struct
    # help: did you mean `Flow`?
