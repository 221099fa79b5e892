"""Type information that we let pass is what the running kernel takes, and what we refuse it mostly refuses as well."""

from __future__ import annotations

import random
from typing import Final

import pytest

from syrup._sys import programs
from syrupc.errors import ObjectError
from syrupc.kernel.release import release
from syrupc.objfile.btf import parse_btf
from syrupc.objfile.elf import parse_elf
from syrupc.objfile.reader import read_object
from syrupc.verifier.typeinfo import refusal
from tests.mutants.campaign import running
from tests.objects.campaign import originals
from tests.objects.mutations import mutate_types
from tests.objects.writer import Part, Types, program

SAMPLES: Final = 4000


@pytest.fixture(scope="module")
def objects() -> list[bytes]:
    return originals()


def refused_here(types: bytes) -> str | None:
    try:
        return refusal(parse_btf(types), running().release)
    except ObjectError as error:
        return error.diagnostics[0].notes[0]


def refused_by_the_kernel(types: bytes) -> str | None:
    try:
        programs.load_btf(types).close()
    except programs.Rejected as rejected:
        return rejected.log or "rejected"
    return None


@pytest.mark.bpf
def test_damaged_type_information_that_passes_is_taken_by_the_kernel(objects: list[bytes]) -> None:
    bare = [program(Part(b".BTF", read_object(data).btf)) for data in objects]
    taken = refused = stricter = 0
    for number in range(SAMPLES):
        rnd = random.Random(number)
        section = parse_elf(mutate_types(rnd, rnd.choice(bare))).section(".BTF")
        assert section
        ours, theirs = refused_here(section.content), refused_by_the_kernel(section.content)
        assert ours or not theirs, (number, theirs)
        taken += not ours
        refused += bool(ours and theirs)
        stricter += bool(ours and not theirs)
    assert min(taken, refused) > SAMPLES // 10
    assert stricter < SAMPLES // 25  # names that begin inside others, mostly: no compiler writes them


@pytest.mark.bpf
def test_type_information_of_compilers_passes_here_and_there(objects: list[bytes]) -> None:
    for data in objects:
        types = read_object(data).btf
        assert refused_here(types) is None
        assert refused_by_the_kernel(types) is None


def test_kinds_of_newer_kernels_are_refused_for_older_ones() -> None:
    types = Types()
    types.add(19, 8, b"e", types.text(b"one"), 1, 0, vlen=1)
    btf = parse_btf(types.section().content)
    assert refusal(btf, release("6.0")) is None
    assert refusal(btf, release("5.15")) == "type 1 is of a kind that came with Linux 6.0"
