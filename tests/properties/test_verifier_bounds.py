"""What the verifier says that a run takes at most holds for every run of random programs, whatever chance gives."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Final

import pytest

from syrupc.isa import opcodes as op
from syrupc.isa.insn import Insn
from syrupc.isa.machine import Image, Machine, Options, Shape, World, make_map, socket_filter
from syrupc.kernel import costs
from syrupc.kernel.contexts import CONTEXTS
from syrupc.kernel.helpers import helpers_of
from syrupc.kernel.profiles import NAMES, profile
from syrupc.kernel.program_types import BY_NAME
from syrupc.objfile.model import MapDefinition
from syrupc.verifier.gate import judge
from syrupc.verifier.subject import Conditions, MapUse, Subject
from syrupc.verifier.verdict import Outcome
from tests.properties.bytecode import VALUE_SIZE, Sample, sample

SAMPLES: Final = 250
RUNS: Final = 12
_KIND: Final = "socket_filter"
_ARRAY: Final = MapDefinition("array", 2, 4, VALUE_SIZE, 1)


def subject(found: Sample, kernel: str, often: bool) -> Subject:
    return Subject(
        name="sample",
        insns=found.insns,
        type=BY_NAME[_KIND],
        context=CONTEXTS[_KIND],
        helpers=helpers_of(_KIND, profile(kernel).release),
        maps=(_ARRAY,),
        uses={slot: MapUse(0, None) for slot in found.lookups},
        gpl=True,
        kernel=profile(kernel),
        conditions=Conditions(often=often),
    )


class Meter:
    """What a run takes, in picoseconds by the figures that the verifier goes by."""

    def __init__(self, insns: Sequence[Insn]) -> None:
        self.insns, self.picoseconds = insns, 0

    def __call__(self, _depth: int, slot: int, _registers: Sequence[int | None]) -> None:
        insn = self.insns[slot]
        self.picoseconds += costs.INSTRUCTION + costs.beyond(insn)
        if insn.opcode == op.JMP | op.CALL and not insn.src:
            self.picoseconds += costs.call(insn.imm, _ARRAY.type if insn.imm == 1 else None) or 0


@pytest.mark.parametrize("often", [False, True])
@pytest.mark.parametrize("kernel", [NAMES[0], NAMES[-1]])
def test_no_run_takes_more_than_is_proven(kernel: str, often: bool) -> None:
    rnd = random.Random(f"{kernel} {often}")
    judged = reached = 0
    for number in range(SAMPLES):
        found = sample(rnd)
        proven = judge(subject(found, kernel, often))
        if proven.outcome is not Outcome.ACCEPTED:
            continue
        judged += 1
        table = make_map(Shape(_ARRAY.type, _ARRAY.key_size, _ARRAY.value_size, _ARRAY.max_entries))
        table.update(bytes(4), rnd.randbytes(VALUE_SIZE))
        machine = Machine(Image(found.insns, {0: table}, "sample"), options=Options(filler=0))
        longest = 0
        for seed in range(RUNS):
            meter = Meter(found.insns)
            ran = machine.run(socket_filter(bytes(64)), World.seeded(seed), meter)
            assert ran.executed <= proven.executed, (number, seed)
            assert proven.duration is not None
            assert meter.picoseconds <= 1000 * proven.duration, (number, seed)
            longest = max(longest, ran.executed)
        reached += longest == proven.executed
    assert judged > SAMPLES // 4  # the samples are worth something
    assert reached > judged // 4  # and so is the bound
