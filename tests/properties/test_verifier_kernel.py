"""The verifier held against the running kernel: whatever it accepts for that kernel loads."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import pytest

from syrup._sys import maps, objects, programs
from syrup._sys.fd import Fd
from syrupc.isa.codec import encode
from syrupc.isa.insn import Insn
from syrupc.kernel.contexts import CONTEXTS
from syrupc.kernel.helpers import helpers_of
from syrupc.kernel.profiles import NAMES, KernelProfile, profile
from syrupc.kernel.program_types import BY_NAME
from syrupc.kernel.release import release
from syrupc.objfile.model import MapDefinition
from syrupc.verifier.gate import judge
from syrupc.verifier.subject import MapUse, Subject
from syrupc.verifier.verdict import Outcome
from tests.properties.bytecode import VALUE_SIZE, Sample, sample

pytestmark = pytest.mark.bpf

SAMPLES: Final = 400
ARRAY: Final = MapDefinition("array", 2, 4, VALUE_SIZE, 1)


def running() -> KernelProfile:
    """The newest profile that is not newer than the kernel that runs."""
    here = release(".".join(os.uname().release.split(".")[:2]))
    return profile(next((name for name in reversed(NAMES) if release(name) <= here), NAMES[0]))


@pytest.fixture
def array() -> Iterator[Fd]:
    with maps.create(maps.Shape(ARRAY.type, ARRAY.key_size, ARRAY.value_size, ARRAY.max_entries)) as fd:
        yield fd


def loads(insns: tuple[Insn, ...], kind: str) -> bool:
    code = programs.ProgramCode(BY_NAME[kind].number, "sample", encode(insns), "GPL")
    try:
        programs.load(code).close()
    except programs.Rejected:
        return False
    return True


def subject(insns: tuple[Insn, ...], kind: str, kernel: KernelProfile, uses: dict[int, MapUse]) -> Subject:
    return Subject(
        name="sample",
        insns=insns,
        type=BY_NAME[kind],
        context=CONTEXTS[kind],
        helpers=helpers_of(kind, kernel.release),
        maps=(ARRAY,),
        uses=uses,
        gpl=True,
        kernel=kernel,
    )


def with_map(found: Sample, fd: int) -> tuple[Insn, ...]:
    return tuple(replace(i, imm=fd) if slot in found.lookups else i for slot, i in enumerate(found.insns))


@pytest.mark.parametrize("seed", range(4))
def test_random_programs_that_are_accepted_load(seed: int, array: Fd) -> None:
    rnd, kernel = random.Random(seed), running()
    accepted = refused_here = 0
    for number in range(SAMPLES):
        found = sample(rnd)
        judged = subject(found.insns, "socket_filter", kernel, {slot: MapUse(0, None) for slot in found.lookups})
        ours = judge(judged).outcome is Outcome.ACCEPTED
        theirs = loads(with_map(found, array.fileno()), "socket_filter")
        assert theirs or not ours, (number, encode(found.insns).hex())
        accepted += ours
        refused_here += theirs and not ours
    assert accepted > SAMPLES // 4  # the samples are worth something
    if kernel.name == NAMES[-1]:
        assert refused_here <= SAMPLES // 50


@pytest.mark.parametrize("kind", [kind for kind in CONTEXTS if kind != "sk_lookup"])
def test_context_accesses_that_are_accepted_load(kind: str) -> None:
    kernel, wrong = running(), []
    size_bits = {1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18}
    for offset in range(min(CONTEXTS[kind].size, 200) + 8):
        for size, bits in size_bits.items():
            read = (Insn(0x61 | bits, 0, 1, offset), Insn(0xB7), Insn(0x95))
            write = (Insn(0xB7), Insn(0x63 | bits, 1, 0, offset), Insn(0xB7, 0, imm=1), Insn(0x95))
            for insns in (read, write):
                ours = judge(subject(insns, kind, kernel, {})).outcome is Outcome.ACCEPTED
                if ours and not loads(insns, kind):
                    wrong.append((insns[-3].opcode, offset, size))
    assert not wrong


def test_the_walk_counts_what_the_kernel_counts(array: Fd) -> None:
    rnd, kernel = random.Random(7), running()
    counted, walked = 0, 0
    for _ in range(200):
        found = sample(rnd)
        judged = subject(found.insns, "socket_filter", kernel, {slot: MapUse(0, None) for slot in found.lookups})
        verdict = judge(judged)
        if verdict.outcome is Outcome.ACCEPTED:
            counted += verdict.processed
            walked += kernel_count(with_map(found, array.fileno()))
    assert counted
    assert walked <= counted * 1.1


def kernel_count(insns: tuple[Insn, ...]) -> int:
    """The instructions that the kernel's verifier walked."""
    with programs.load(programs.ProgramCode(BY_NAME["socket_filter"].number, "sample", encode(insns), "GPL")) as fd:
        return objects.program_info(fd.fileno()).verified_insns
