"""Policies that tests run in two ways: as plain Python, and compiled."""

import syrup
from syrup import u32, u64

WORKERS = 4

serving = syrup.Array(u64, WORKERS)
tokens = syrup.HashMap(u32, u64, 2)
turn = syrup.PerCpuArray(u64, 1)


@syrup.jit
def free(pkt: syrup.Packet) -> syrup.Executor:
    for worker in range(WORKERS):
        if serving[worker] == 0:
            serving[worker] = pkt.payload.u8(0)
            return worker
    return syrup.DROP


@syrup.jit
def spend(pkt: syrup.Packet) -> syrup.Executor:
    serving[0] = 7
    tokens[pkt.src_port] -= 1
    return tokens.get(pkt.src_port, 0)


@syrup.jit
def learn(pkt: syrup.Packet) -> syrup.Executor:
    tokens[pkt.dst_port] = pkt.flow_hash
    return syrup.PASS


@syrup.jit
def count(pkt: syrup.Packet) -> syrup.Executor:
    turn[0] += 1
    return turn[0]


@syrup.jit
def lucky(pkt: syrup.Packet) -> syrup.Executor:
    return syrup.random() % 10 + syrup.random() % 10 * 2


@syrup.jit
def late(pkt: syrup.Packet) -> syrup.Executor:
    return syrup.now_ns() // 1_000_000_000 + syrup.cpu()
