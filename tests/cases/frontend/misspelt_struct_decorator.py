import syrup
from syrup import u32


@syrup.strcut  # E[2-13]: SYR104 `syrup.strcut` does not exist
# help: did you mean `syrup.struct`?
class Key:
    port: u32


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Executor:
    return 0
