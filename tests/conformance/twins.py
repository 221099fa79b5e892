"""A program with maps, twice: in the kernel with real ones, in the interpreter with simulated ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from syrupc.isa import opcodes as op
from syrupc.isa.assembly import parse_program
from syrupc.isa.insn import Insn
from syrupc.isa.machine import (
    Context,
    Image,
    Machine,
    Options,
    Shape,
    SimMap,
    cgroup_skb,
    make_map,
    sched_cls,
    socket_filter,
    xdp,
)
from tests.conformance import kernel

CONTEXTS: dict[int, Callable[[bytes], Context]] = {
    kernel.SOCKET_FILTER: socket_filter,
    kernel.SCHED_CLS: sched_cls,
    kernel.XDP: xdp,
    kernel.CGROUP_SKB: cgroup_skb,
}
FRAME = bytes(range(64))


@dataclass(frozen=True)
class Twins:
    """The same maps twice: descriptors and simulations, in the order of their shapes."""

    fds: Sequence[int]
    sims: Sequence[SimMap]

    def run(self, text: str, data: bytes = FRAME, type: int = kernel.SOCKET_FILTER) -> tuple[int, int]:
        """What the program returns there, and here (32 bits each)."""
        insns = parse_program(text)
        there = kernel.run_program(self.with_descriptors(insns), data, type, _functions(insns))
        return there.retval, self.simulate(insns, data, type)

    def simulate(self, insns: Sequence[Insn], data: bytes = FRAME, type: int = kernel.SOCKET_FILTER) -> int:
        machine = Machine(Image(insns, dict(enumerate(self.sims))), options=Options(filler=0))
        return machine.run(CONTEXTS[type](data)).retval

    def with_descriptors(self, insns: Sequence[Insn]) -> list[Insn]:
        named = (op.WIDE_MAP, op.WIDE_MAP_VALUE)
        return [
            replace(insn, imm=self.fds[insn.imm]) if insn.opcode == op.WIDE and insn.src in named else insn
            for insn in insns
        ]

    def value(self, index: int, key: bytes) -> tuple[bytes | None, bytes | None]:
        """What user space finds under a key there, and here."""
        shape = self.sims[index].shape
        try:
            there = kernel.map_lookup(self.fds[index], key, shape.value_size)
        except FileNotFoundError:
            there = None
        return there, self.sims[index].lookup(key)


def _functions(insns: Sequence[Insn]) -> list[int]:
    """Where functions begin, if the program takes the address of one."""
    callbacks = [
        at + 1 + insn.imm for at, insn in enumerate(insns) if insn.opcode == op.WIDE and insn.src == op.WIDE_CODE
    ]
    return [0, *sorted(callbacks)] if callbacks else []


@contextmanager
def twins(*shapes: Shape) -> Iterator[Twins]:
    with ExitStack() as stack:
        fds = [
            stack.enter_context(kernel.created_map(s.type, s.key_size, s.value_size, s.max_entries, s.flags))
            for s in shapes
        ]
        yield Twins(fds, [make_map(shape) for shape in shapes])
