"""Type information that the kernel refuses, and map values that are more than bytes, are found before loading."""

from __future__ import annotations

import pytest

from syrupc.kernel.profiles import profile
from syrupc.objfile.reader import read_object
from syrupc.verifier import Outcome, verify
from tests.unit.objfile.llvm import SHARED, assemble

# The type of the value of `hits`, as LLVM's debug information has it.
VALUE = '!7 = !DIBasicType(name: "u64", size: 64, encoding: DW_ATE_unsigned)'
LOCKED = """!7 = !DICompositeType(tag: DW_TAG_structure_type, name: "entry", file: !3, size: 64, elements: !70)
!70 = !{{!71, !72}}
!71 = !DIDerivedType(tag: DW_TAG_member, name: "count", file: !3, baseType: !6, size: 32)
!72 = !DIDerivedType(tag: DW_TAG_member, name: "inner", file: !3, baseType: !73, size: 32, offset: 32)
!73 = !DICompositeType(tag: DW_TAG_structure_type, name: "{}", file: !3, size: 32, elements: !74)
!74 = !{{!75}}
!75 = !DIDerivedType(tag: DW_TAG_member, name: "value", file: !3, baseType: !6, size: 32)
"""


def first(text: str) -> tuple[Outcome, str | None]:
    verdict = verify(read_object(assemble(text)), profile("6.18")).programs[0]
    return verdict.outcome, verdict.diagnostics[0].code if verdict.diagnostics else None


def test_plain_names_and_values_are_taken() -> None:
    assert first(SHARED) == (Outcome.ACCEPTED, None)
    assert first(SHARED.replace(VALUE, LOCKED.format("plain"))) == (Outcome.ACCEPTED, None)


@pytest.mark.parametrize("name", ["bpf_spin_lock", "bpf_timer"])
def test_values_with_locks_or_timers_are_not_modelled(name: str) -> None:
    assert first(SHARED.replace(VALUE, LOCKED.format(name))) == (Outcome.UNSUPPORTED, "SYR519")


@pytest.mark.parametrize("name", ["größe", "a b", "1st"])
def test_functions_with_other_names_are_refused(name: str) -> None:
    quoted = SHARED.replace("@first(", f'@"{name}"(').replace('name: "first"', f'name: "{name}"')
    assert first(quoted) == (Outcome.UNSAFE, "SYR402")


def test_parameters_without_names_are_refused() -> None:
    unnamed = SHARED.replace(
        '!DILocalVariable(name: "context", arg: 1, scope: !40', "!DILocalVariable(arg: 1, scope: !40"
    )
    assert first(unnamed) == (Outcome.UNSAFE, "SYR402")
