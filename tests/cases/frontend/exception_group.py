import syrup
from syrup import i32, u8, u32, u64

WORKERS = 6
serving = syrup.Array(u64, WORKERS)
seen = syrup.HashMap(u32, u8, 16)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    try:
#   ^^^ E: SYR101 `try`
    # help: test before: `if key in table:` or `table.get(key, default)`
        pass
    except* KeyError:
        pass
    return 0
