import syrup
from syrup import u32, u64

cells = syrup.Array(u64, 4)
others = syrup.HashMap(u32, u64, 16)


@syrup.func
def looked_at(k: int) -> u64:
    return cells[k]


@syrup.func
def taken(k: int) -> u64:
    cells[k] = 3
    return cells[k] + looked_at(k)


@syrup.func
def through(k: int) -> u64:
    return taken(k)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    cells[0] += others.fetch_add(1, 2)
    cells[0] ^= cells.fetch_add(0, 1)  # E: SYR101 a value that changes the map it is put into
    cells[1] += through(2)  # E: SYR101 a value that changes the map it is put into
    ref = others.lookup(3)
    if ref is not None:
        ref.value += others.fetch_add(3, 1)  # E: SYR101 a value that changes the map it is put into
    cells[0] += looked_at(1)
    cells[0] *= cells.fetch_add(0, 1)
    return 0
