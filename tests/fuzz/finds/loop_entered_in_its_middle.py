"""LLVM put the last block of a loop in front of its first one, which kernels before 6.12 refuse."""

import syrup
from syrup import i16, u32
hash_map_2 = syrup.HashMap(i16, u32, 1)

@syrup.jit
def second(pkt: syrup.Packet) -> syrup.Executor:
    pkt.payload.be64(0)
    for x in (3, 2, 3, 1):
        hash_map_2[0] = pkt.payload[:] != b''
    return x

# kernels 5.15 6.1
# ask second payload=7f7fe8000707075d0080a407017f837fbd9e298002f6ff168001 source=127.9.0.7 destination=127.0.0.9 tos=4 chance=169884577 clock=66
# ask second payload=ae91d0438fff80f57b80070700ffbc011800ffff650202f580 source=127.0.0.1 destination=127.0.0.1 ttl=24 tos=4 linear=8 chance=6 clock=71860
# ask second payload=0080ccac0e0000f0ff0032f13a020007009a79ffd1a445 source=::1 destination=::1 ttl=79 linear=19 chance=76 clock=9223372036854775809
