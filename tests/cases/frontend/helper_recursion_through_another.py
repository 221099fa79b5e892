import syrup
from syrup import u8, u64

serving = syrup.Array(u64, 4)


@syrup.func
def ping(n: int) -> int:
    return pong(n)
    #      ^^^^^^^ E: SYR112 `ping` calls itself through `pong`


@syrup.func
def pong(n: int) -> int:
    return ping(n)
    #      ^^^^^^^ E: SYR112 `pong` calls itself through `ping`


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return ping(3)
