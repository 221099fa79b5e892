"""The reference read at an offset near 2**64 as if it wrapped."""

import syrup
from syrup import be16, i8, i16, u8, u32, u64
hash_map_0 = syrup.HashMap(i8, i16, 1)
per_cpu_hash_map_1 = syrup.PerCpuHashMap(be16, int, 1)

@syrup.func
def helper_0(pkt: syrup.Packet, left: u64, right: u64, extra: u32) -> tuple[u64, int, u8]:
    hash_map_0[pkt.payload.be16(right)] = 0
    per_cpu_hash_map_1.compare_swap(0, 0, 0)
    return (0, 0, 0)

@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    a = 1
    b = a
    helper_0(pkt, 0, u64(b % -2), 0)
    return 0

# kernels 6.18
# ask policy payload=00
