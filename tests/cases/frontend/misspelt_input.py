import syrup


@syrup.jit
def policy(pkt: syrup.Pakcet) -> syrup.Executor:
#               ^^^^^^^^^^^^ E: SYR105 not annotated with what a policy decides about
# help: did you mean `syrup.Packet`?
    return 0
