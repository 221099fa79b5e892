import syrup


@syrup.jit
def policy(pkt: syrup.Packet) -> syrup.Excutor:
#                                ^^^^^^^^^^^^^ E: SYR105 a policy returns `syrup.Executor`
# help: did you mean `syrup.Executor`?
    return 0
