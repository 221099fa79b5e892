"""Whatever the program, a run ends with a result or with an error that has a place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from syrupc.isa.assembly import parse_insn
from syrupc.isa.insn import Insn
from syrupc.isa.machine import (
    HELPERS,
    Context,
    Image,
    Machine,
    MachineError,
    Options,
    Result,
    Shape,
    make_map,
    maps,
    sk_reuseport,
    xdp,
)
from syrupc.isa.opcodes import CALL, JMP
from tests.properties.test_isa_codec import VALID

CALLS = st.sampled_from([*HELPERS, 12]).map(lambda number: (Insn(JMP | CALL, imm=number),))
USEFUL = st.sampled_from(
    [
        parse_insn(text)
        for text in (
            *(f"r{register} = {value}" for register in range(6) for value in (0, 1, 8, -1)),
            *(f"r{register} = r10" for register in range(6)),
            *(f"r{register} += -64" for register in range(6)),
            *(f"r{register} = map({index}) ll" for register in (1, 2) for index in range(5)),
            *(f"*(u64 *)(r10 - {8 * cell}) = {cell}" for cell in range(1, 9)),
            "r6 = r1",
            "r1 = r6",
            "exit",
        )
    ]
)
PROGRAMS = st.lists(VALID | CALLS | USEFUL, max_size=40)


@given(PROGRAMS, st.booleans())
def test_every_run_ends_with_a_result_or_a_place(steps: list[tuple[Insn, ...]], frame: bool) -> None:
    insns = tuple(insn for step in steps for insn in step) + parse_insn("r0 = 0") + parse_insn("exit")
    shapes = [
        Shape(maps.ARRAY, 4, 8, 1),
        Shape(maps.HASH, 8, 8, 2),
        Shape(maps.RINGBUF, 0, 0, 4096),
        Shape(maps.QUEUE, 0, 8, 2),
        Shape(maps.REUSEPORT_SOCKARRAY, 4, 8, 2),
    ]
    context = xdp(bytes(64)) if frame else sk_reuseport(bytes(64))
    image = Image(insns, {index: make_map(shape) for index, shape in enumerate(shapes)})
    outcome = run(image, context)
    if isinstance(outcome, MachineError):
        assert 0 <= outcome.slot <= len(insns)
        assert outcome.reason
    else:
        assert 0 <= outcome.r0 < 1 << 64
        assert 0 < outcome.executed <= 2000


def run(image: Image, context: Context) -> Result | MachineError:
    try:
        return Machine(image, options=Options(budget=2000)).run(context)
    except MachineError as error:
        return error
