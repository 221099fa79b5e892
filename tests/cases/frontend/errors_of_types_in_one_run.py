import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    a = serving[0] + -1
    #   ^^^^^^^^^^^^^^^ E: SYR201 may be negative
    #   ---------- a u64
    #                -- the constant -1
    b = pkt.payload.u8(70000)
    #   ^^^^^^^^^^^^^^^^^^^^^ E: SYR202 no datagram
    #                  ----- always past the end
    c: u8 = pkt.payload.u16(0)
    #       ^^^^^^^^^^^^^^^^^^ E: SYR207 annotation says u8
    return syrup.DROP + 1
    #      ^^^^^^^^^^^^^^ E: SYR203 a decision is not an integer
    #      ---------- a decision
