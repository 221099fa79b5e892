import syrup
from syrup import be32, u32, u64


@syrup.struct
class Event:
    port: u32


events = syrup.RingBuf(Event, 4096)


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    events.emit(3)
#   ^^^^^^^^^^^^^^ E: SYR203 the constant 3 where
    #           - the constant 3
    # help: make one: `Event(port)`
    return 0
