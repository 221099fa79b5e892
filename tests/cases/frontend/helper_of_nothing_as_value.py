import syrup
from syrup import u8, u64

serving = syrup.Array(u64, 4)


@syrup.func
def note(n: int) -> None:
    serving[0] += 1


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return note(3)
    #      ^^^^^^^ E: SYR206 where a decision is expected
    # help: return the index of an executor, `syrup.PASS` or `syrup.DROP`
