"""Profiles of older kernels held against these kernels: what is accepted loads there, and they have what it says."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from syrupc.driver import judge
from syrupc.errors import CompileError
from syrupc.frontend.source import PolicySource
from syrupc.kernel import host
from syrupc.kernel.profiles import DEFAULT_PROFILE, KernelProfile, profile
from syrupc.objfile.model import FunctionInfo, MapDefinition, Object, Program, Relocation, RelocationKind
from syrupc.options import Options
from syrupc.verifier import Outcome, Verdict, verify
from tests.fuzz.share import programs
from tests.fuzz.statements import EXECUTORS
from tests.properties.bytecode import VALUE_SIZE, Sample, sample
from tests.vm.kernels import BOOKWORM, TRIXIE, Image, Kernel, UnreachableError, fetch
from tests.vm.loads import loads_in
from tests.vm.machine import SCRATCH, run_in

pytestmark = [pytest.mark.vm, pytest.mark.timeout(600)]

KERNELS: Final = (BOOKWORM, TRIXIE)
EXAMPLES: Final = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))
SEED: Final = 61
GENERATED: Final = 15
SAMPLES: Final = 400
ARRAY: Final = MapDefinition("array", 2, 4, VALUE_SIZE, 1)


@pytest.fixture(params=KERNELS, ids=lambda kernel: kernel.release)
def kernel(request: pytest.FixtureRequest) -> Kernel:
    found: Kernel = request.param
    return found


@pytest.fixture
def image(kernel: Kernel) -> Image:
    try:
        return fetch(kernel)
    except UnreachableError as error:
        pytest.skip(f"no other kernel runs here: {error}")


def test_whatever_is_accepted_for_an_older_kernel_loads_there(kernel: Kernel, image: Image) -> None:
    known = profile(kernel.release)
    verdicts = [*_policies(known), *_samples(known)]
    wrong, refused, accepted = [], 0, 0
    for verdict, answers in zip(verdicts, loads_in(image, verdicts), strict=True):
        for ours, theirs in zip(verdict.programs, answers, strict=True):
            accepted += ours.outcome is Outcome.ACCEPTED
            refused += ours.outcome is not Outcome.ACCEPTED and theirs.refusal is None
            if ours.outcome is Outcome.ACCEPTED and theirs.refusal is not None:
                wrong.append(f"{verdict.profile} {theirs.program}: {theirs.refusal}")
    assert not wrong, "\n\n".join(wrong)
    assert accepted > len(verdicts) // 4  # what is loaded is worth something
    assert refused <= SAMPLES // 20


def test_a_kernel_offers_what_its_profile_says(kernel: Kernel, image: Image) -> None:
    done = run_in(image, ["python", "-m", "syrup", "features", "--profile", f"{SCRATCH}/host.json"])
    assert done.status == 0, done.output
    found = host.parse("host.json", done.files["host.json"].decode())
    # That one hangs on how the kernel is built, and on more than the usual privileges.
    other = [line for line in host.differences(found, profile(kernel.release)) if "probe_write_user" not in line]
    assert not other


def _policies(kernel: KernelProfile) -> Iterator[Verdict]:
    """The examples and generated policies, for the oldest kernel and for this one."""
    texts = [(path.name, path.read_text()) for path in EXAMPLES]
    texts += [("generated.py", program.text) for program in programs(SEED, GENERATED)]
    for name, text in texts:
        for release in (DEFAULT_PROFILE, kernel.name):
            try:
                yield judge(PolicySource(name, text), Options(kernel=release, max_executors=EXECUTORS))
            except CompileError:
                assert name == "generated.py"  # it may use what the oldest kernel has not


def _samples(kernel: KernelProfile) -> Iterator[Verdict]:
    rnd = random.Random(SEED)
    for _ in range(SAMPLES):
        yield verify(_object(sample(rnd)), kernel)


def _object(found: Sample) -> Object:
    uses = tuple(Relocation(slot, RelocationKind.MAP, ARRAY.name) for slot in found.lookups)
    program = Program("sample", "socket", found.insns, uses, (FunctionInfo(0, "sample", 0),), ())
    return Object(b"", (program,), (ARRAY,), "GPL", b"", None)
