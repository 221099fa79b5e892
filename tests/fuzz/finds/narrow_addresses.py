"""The key of a trie with addresses of one or two bytes was padded to four, and the object not accepted as its own."""

import syrup
from syrup import be16, u8, u32

ports = syrup.LpmTrie(be16, u32, 16)
classes = syrup.LpmTrie(u8, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    ref = classes.lookup(pkt.payload.u8(0))
    if ref is not None:
        ref.value = 3
    return ports.get(pkt.payload.be16(0), 7)


# kernels 5.15 6.18
# preset ports[256, 8] = 1
# preset ports[258, 15] = 2
# preset classes[128, 1] = 0
# ask policy payload=0000
# ask policy payload=0101
# ask policy payload=0103
# ask policy payload=0104
# ask policy payload=ff00
