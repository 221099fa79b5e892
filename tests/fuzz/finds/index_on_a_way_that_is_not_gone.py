"""A kernel that sees that a way is not gone took it; for what it is not told apart, the index was not proven."""

import syrup
from syrup import i8, i16, i32, u32, u64
per_cpu_array_0 = syrup.PerCpuArray(u64, 1)
array_2 = syrup.Array(u32, 2)

@syrup.func
def helper_1(left: u64, right: int) -> int:
    right -= i16(left)
    if 0 > right:
        for unique_name_0 in syrup.range(0, max=0):
            pass
    return 0

@syrup.func
def helper_0(left: i32, right: i32) -> i16:
    per_cpu_array_0.compare_swap(0, 0, 0)
    unique_name_2, c = (helper_1(u64(left), 0), left in range(0, -2, -1))
    array_2[c] = 0
    array_2.compare_swap(left, 0, 0)
    return 0

@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    b = i8(pkt.payload.u8(0))
    helper_0(b, 0)
    return 0

# kernels 5.15
# ask policy payload=1f077f0000ffff01beff49414dff800000c54fd402ffff073bffc100bf8fa9 source=127.0.0.1 destination=127.0.0.9 chance=8746 clock=120667136555543
# ask policy payload= source=127.0.0.1 destination=127.0.0.9 tos=184 chance=378741 clock=218356
# ask policy payload=c50101e201005bb400dcff00021101ad07a72f source=::1 destination=::1 chance=11362720 clock=65535
