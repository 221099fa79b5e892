import syrup
from syrup import be32, u8, u16, u32, u64


@syrup.struct
class Key:
    a: u32
    b: u8


@syrup.struct
class Stats:
    count: u64
    key: Key
    hist: syrup.Elements[u32] = syrup.elements(4)


table = syrup.HashMap(Key, Stats, 64)
plain = syrup.HashMap(u32, u64, 64)
cells = syrup.Array(u64, 4)
jobs = syrup.Queue(u32, 16)
nets = syrup.LpmTrie(be32, u32, 16)
events = syrup.RingBuf(Key, 4096)
WEIGHTS = (3, 1, 4)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return jobs[0]
#          ^^^^^^^ E: SYR204 the Queue `jobs` has no entries with keys
    # help: for example `jobs.push(value)`
