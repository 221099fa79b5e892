"""The interpreter returns what the kernel returned, for every recorded run of the corpus of kernel programs.

The corpus is not part of the project (its programs are under the GPL): the environment variable SYRUP_CORPUS names its
folder, and a folder `shared/corpus` beside the source tree is found without. Each run is either equal, or classed below
with the reason why it cannot be; a run that changes its class fails, also when it changes for the better.
"""

from __future__ import annotations

import json
import lzma
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from syrupc.isa.assembly import parse_program
from syrupc.isa.codec import decode
from syrupc.isa.machine import (
    Image,
    Machine,
    MachineError,
    Options,
    Shape,
    SimMap,
    UnmodelledError,
    cgroup_skb,
    make_map,
    sched_cls,
    socket_filter,
    xdp,
)
from syrupc.isa.structure import encoding_faults
from syrupc.isa.text import format_program

EQUAL = "equal"
NOT_RUN = "the kernel refused to run it"
ADDRESS = "returns a part of a kernel address"
PROGRAMS = "the corpus does not say what the program array holds"

CONTEXTS = {
    "socket_filter": socket_filter,
    "sched_cls": sched_cls,
    "sched_act": sched_cls,
    "cgroup_skb": cgroup_skb,
    "xdp": xdp,
}

CLASSED = {
    "k6.12/arr/calls/34": ADDRESS,
    "k6.12/arr/calls/80": ADDRESS,
    "k6.12/verifier_spill_fill/check_valid_spill_fill": ADDRESS,
    "k6.12/verifier_spill_fill/check_corrupted_spill_fill_lsb": ADDRESS,
    "k6.12/verifier_spill_fill/check_corrupted_spill_fill_msb": ADDRESS,
    "k6.1/arr/spill_fill/0": ADDRESS,
    "k6.1/arr/spill_fill/5": ADDRESS,
    "k6.1/arr/spill_fill/6": ADDRESS,
    "k6.12/verifier_map_ptr_mixing/pointers_for_lookup_tail_tail_1": PROGRAMS,
    "k6.12/verifier_map_ptr_mixing/pointers_for_lookup_tail_tail_2": PROGRAMS,
    "k6.1/arr/map_ptr_mixing/2": PROGRAMS,
    "k6.1/arr/map_ptr_mixing/3": PROGRAMS,
}
"""Case -> why its result is not comparable. Whatever else is not equal fails."""

EXPECTED = Counter({EQUAL: 273, NOT_RUN: 17, ADDRESS: 8, PROGRAMS: 4})

UNWRITTEN = (
    "k6.12/arr/calls/90",
    "k6.12/verifier_spill_fill/uninit_u32_from_the_stack",
    "k6.1/arr/spill_fill/8",
    "k6.12/verifier_helper_access_var_len/stack_bitwise_and_zero_included",
)
"""Cases that read stack bytes which nothing wrote: allowed to root, an error here by default."""


def folder(repository: Path) -> Path:
    named = os.environ.get("SYRUP_CORPUS")
    return Path(named) if named else repository.parent / "shared" / "corpus"


@pytest.fixture(scope="module")
def corpus(repository: Path) -> list[dict[str, Any]]:
    path = folder(repository) / "kernel_dev.json.xz"
    if not path.is_file():
        pytest.skip("no corpus of kernel programs here (SYRUP_CORPUS names its folder)")
    with lzma.open(path) as file:
        found: list[dict[str, Any]] = json.load(file)
    return found


@pytest.fixture(scope="module")
def cases(corpus: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [case for case in corpus if case.get("runs")]


@dataclass(frozen=True)
class Outcome:
    """How one run of a case compares; `said` is what the interpreter said of it."""

    case: str
    kind: str
    said: str = ""


def maps_of(case: dict[str, Any]) -> dict[int, SimMap]:
    made = {}
    for index, entry in enumerate(case["maps"]):
        shape = Shape(*(entry[key] for key in ("type", "key_size", "value_size", "max_entries", "map_flags", "name")))
        made[index] = make_map(shape)
        if "init_hex" in entry:
            made[index].update(bytes(shape.key_size), bytes.fromhex(entry["init_hex"]))
    return made


def machine(case: dict[str, Any], filler: int | None) -> Machine:
    return Machine(
        Image(decode(bytes.fromhex(case["insns"])), maps_of(case), case["id"]), options=Options(filler=filler)
    )


def compare(case: dict[str, Any], run: dict[str, Any], filler: int | None = 0) -> Outcome:
    if run["run_err"]:
        return Outcome(case["id"], NOT_RUN)
    context = CONTEXTS[case["prog_type_name"]](bytes.fromhex(run["data_in"]))
    try:
        result = machine(case, filler).run(context)
    except UnmodelledError as error:
        return Outcome(case["id"], "unmodelled", str(error))
    except MachineError as error:
        return Outcome(case["id"], "refused", str(error))
    if result.retval == run["retval"]:
        return Outcome(case["id"], EQUAL)
    return Outcome(case["id"], CLASSED.get(case["id"], "different"), f"{result.retval} in place of {run['retval']}")


def test_every_run_gives_the_kernels_result_or_has_a_class(cases: list[dict[str, Any]]) -> None:
    outcomes = [compare(case, run) for case in cases for run in case["runs"]]
    counts = Counter(outcome.kind for outcome in outcomes)
    print(dict(counts))
    assert [o for o in outcomes if o.kind not in EXPECTED] == []
    assert [o.case for o in outcomes if o.kind == EQUAL and o.case in CLASSED] == []
    assert counts == EXPECTED
    assert counts[EQUAL] >= 0.95 * (len(outcomes) - counts[NOT_RUN])


def test_no_result_depends_on_what_unwritten_stack_holds(cases: list[dict[str, Any]]) -> None:
    for case in cases:
        for run in case["runs"]:
            assert compare(case, run, filler=0xA5).kind == compare(case, run).kind


def test_reading_unwritten_stack_is_an_error_by_default(cases: list[dict[str, Any]]) -> None:
    outcomes = [compare(case, run, filler=None) for case in cases for run in case["runs"]]
    assert tuple(o.case for o in outcomes if o.kind == "refused") == UNWRITTEN


def test_what_the_kernel_accepts_is_well_formed_and_has_a_text(corpus: list[dict[str, Any]]) -> None:
    for case in corpus:
        insns = decode(bytes.fromhex(case["insns"]))
        assert parse_program("\n".join(text for _, text in format_program(insns))) == insns
        if case["kernel"]["verdict"] == "ACCEPT":
            assert (case["id"], encoding_faults(insns)) == (case["id"], ())
