"""An index that was not proven for kernels that remember sums: they remember no sum with a negative number."""

import syrup
a = syrup.Array(syrup.u64, 2)
@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return pkt.payload[-2:len(pkt.payload) // 2] != b'1'
@syrup.jit
def second(pkt: syrup.Packet) -> syrup.Executor:
    a[pkt.payload[-2:len(pkt.payload) // 2] != b'1'] = 0
    return 0

# kernels 5.15 6.12
# ask policy payload=3131
# ask second payload=313100
