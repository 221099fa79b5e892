"""One policy compiled from Python and from C: programs that must decide alike, in the interpreter and the kernel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from benchmarks.burst import Burst, Subject, silent_group
from benchmarks.clang import Form, compile_c, spec_of
from benchmarks.inputs import Case
from benchmarks.interpreted import Ran, entries, run
from benchmarks.measure import example
from syrup import loader
from syrup._sys import maps, objects, sockets
from syrupc.driver import compile_file
from syrupc.kernel.profiles import profile
from syrupc.objfile.model import Object
from syrupc.options import Options
from syrupc.spec import MapSpec, ProgramSpec
from syrupc.verifier.gate import verify

OURS: Final = "Python"
KERNELS: Final = {"v3": "5.15", "v4": "6.18"}
"""A BPF cpu -> a kernel that takes its instructions."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A program that decides as a policy says, for a kernel; `declared` are the policy's maps."""

    obj: Object
    spec: ProgramSpec
    declared: Sequence[MapSpec]
    kernel: str


def contenders(name: str, cpu: str) -> Mapping[str, Contender]:
    """A policy compiled from Python, under `OURS`, and from C, under the name of each form."""
    kernel = KERNELS[cpu]
    obj = compile_file(example(name), Options(kernel=kernel)).object
    assert obj.spec is not None, "the compiler's objects say what they are"
    declared = obj.spec.maps
    in_c = {form.name: Contender(compile_c(name, cpu, form), spec_of(name), declared, kernel) for form in Form}
    return {OURS: Contender(obj, obj.spec.programs[0], declared, kernel)} | in_c


def executed(subjects: Mapping[str, Contender], case: Case) -> dict[str, float]:
    """The instructions of a decision in the interpreter, on average over a case. `AssertionError` where another program
    decides, stores or counts something else than ours."""
    ran = {label: run(each.obj, each.spec, each.declared, case) for label, each in subjects.items()}
    for label, other in ran.items():
        _require_equal(ran[OURS], other, f"{subjects[label].spec.name}, {case.name}, {label}")
    return {label: each.executed for label, each in ran.items()}


def _require_equal(ours: Ran, other: Ran, what: str) -> None:
    assert ours.decisions == other.decisions, f"{what}: {_first_difference(ours.decisions, other.decisions)}"
    assert ours.contents == other.contents, f"{what}: leaves {other.contents}, ours {ours.contents}"
    assert other.counted in (None, ours.counted), f"{what}: counts {other.counted}, ours {ours.counted}"


def _first_difference(ours: Sequence[str], others: Sequence[str]) -> str:
    number, (mine, other) = next(
        (n, pair) for n, pair in enumerate(zip(ours, others, strict=True)) if pair[0] != pair[1]
    )
    return f"decides {other} on datagram {number}, ours {mine}"


@contextmanager
def attached(contender: Contender, case: Case, times: int) -> Iterator[Subject]:
    """The program in the kernel, deciding for sockets that nobody reads on the datagrams of a case, so many times."""
    verified = verify(contender.obj, profile(contender.kernel)).require()
    with silent_group(case.executors) as group, loader.load(verified) as loaded:
        executors = loaded.descriptors[contender.spec.executors].fileno()
        for index, sock in enumerate(group.sockets):
            maps.update(executors, index.to_bytes(4, "little"), sock.fileno().to_bytes(8, "little"))
        for name, key, value in entries(contender.obj, contender.declared, case):
            maps.update(loaded.descriptors[name].fileno(), key, value)
        program = loaded.programs[contender.spec.name].fileno()
        sockets.attach_reuseport(group.sockets[0].fileno(), program)
        yield Subject(objects.program_info(program).id, Burst([*case.payloads] * times, group.port))
