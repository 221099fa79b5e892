"""Verified objects written by hand, so that the runtime's tests do not depend on the compiler.

A policy is assembly that leaves its decision in r8, or goes to `fault`. Around it stands what the compiler makes
too: the choice of the socket, the counters, and one fault site for an executor that is not there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from syrupc.isa.assembly import parse_program
from syrupc.kernel.map_types import OF_KIND, shape
from syrupc.objfile.model import FunctionInfo, MapDefinition, Object, Program, Relocation, RelocationKind
from syrupc.spec import (
    DROP_SLOT,
    FIRST_EXECUTOR_SLOT,
    PASS_SLOT,
    FaultKind,
    FaultSite,
    MapSpec,
    ObjectSpec,
    ProgramSpec,
)
from syrupc.verifier.verdict import Outcome, ProgramVerdict, Verdict, VerifiedObject

_SOCKARRAY = 20
_MAP = re.compile(r"map\((\w+)\)")

_FRAME = """
    r6 = r1
    {decide}
    if r8 == {pass_sign} goto pass
    if r8 == {drop_sign} goto drop
    *(u32 *)(r10 - 4) = r8
    r1 = r6
    r2 = map(executors) ll
    r3 = r10
    r3 += -4
    r4 = 0
    call 82
    r7 = 1
    if r0 != 0 goto fault
    r9 = r8
    r9 += {first}
    goto count
drop:
    r7 = 0
    r9 = {drop}
    goto count
pass:
    r7 = 1
    r9 = {passed}
    goto count
fault:
    r7 = 1
    r9 = {fault}
count:
    *(u32 *)(r10 - 8) = r9
    r1 = map(counters) ll
    r2 = r10
    r2 += -8
    call 1
    if r0 == 0 goto out
    r1 = *(u64 *)(r0 + 0)
    r1 += 1
    *(u64 *)(r0 + 0) = r1
out:
    r0 = r7
    exit
"""

ROUND_ROBIN = """
    *(u32 *)(r10 - 8) = 0
    r1 = map(turn) ll
    r2 = r10
    r2 += -8
    call 1
    if r0 == 0 goto fault
    r8 = 1
    r8 = atomic_fetch_add((u64 *)(r0 + 0), r8)
    r8 %= {workers}
"""
"""The workers in turn; needs the map `turn`."""


def always(index: int) -> str:
    return f"r8 = {index}"


_PASS_SIGN, _DROP_SIGN = 1_000_000, 1_000_001
PASS = f"r8 = {_PASS_SIGN}"
DROP = f"r8 = {_DROP_SIGN}"


def by_first_byte() -> str:
    """The index is the payload's first byte; a datagram without one is a fault."""
    return """
    r2 = *(u64 *)(r6 + 0)
    r3 = *(u64 *)(r6 + 8)
    r4 = r2
    r4 += 9
    if r4 > r3 goto fault
    r8 = *(u8 *)(r2 + 8)
"""


def policy(
    decide: str, *, name: str = "decide", maps: Sequence[MapSpec] = (), max_executors: int = 64
) -> VerifiedObject:
    """A policy for the socket hook, as if the compiler had made and the verifier accepted it."""
    fault = FaultSite(FIRST_EXECUTOR_SLOT + max_executors, FaultKind.NO_EXECUTOR, 7, 5)
    text = _FRAME.format(
        decide=decide,
        pass_sign=_PASS_SIGN,
        drop_sign=_DROP_SIGN,
        first=FIRST_EXECUTOR_SLOT,
        drop=DROP_SLOT,
        passed=PASS_SLOT,
        fault=fault.slot,
    )
    spec = ObjectSpec(
        source="handmade.py",
        source_sha256="0" * 64,
        programs=(ProgramSpec(name, "socket", "executors", "counters", max_executors, True, (fault,)),),
        maps=tuple(maps),
    )
    definitions = (
        MapDefinition("executors", _SOCKARRAY, 4, 8, max_executors),
        MapDefinition("counters", 6, 4, 8, fault.slot + 1),
        *map(definition, maps),
    )
    return accepted(Object(b"", (program(name, text),), definitions, "GPL", b"", spec))


def definition(declared: MapSpec) -> MapDefinition:
    """How the kernel has a declared map."""
    return MapDefinition(declared.name, OF_KIND[declared.kind].number, *shape(declared))


def probe(text: str, *maps: MapSpec) -> VerifiedObject:
    """An XDP program with maps, which the kernel runs on test data."""
    spec = ObjectSpec("handmade.py", "0" * 64, (), maps)
    return accepted(Object(b"", (program("probe", text, "xdp"),), tuple(map(definition, maps)), "GPL", b"", spec))


def refused() -> VerifiedObject:
    """A policy that no kernel takes: it reads the packet without looking how long it is."""
    return policy("r2 = *(u64 *)(r6 + 0)\n r8 = *(u8 *)(r2 + 8)", name="careless")


def program(name: str, text: str, section: str = "sk_reuseport") -> Program:
    """A program from assembly in which `map(NAME)` stands for the map of that name."""
    insns = parse_program(_MAP.sub("map(0)", text))
    return Program(name, section, insns, _relocations(text), (FunctionInfo(0, name, 0),), ())


def accepted(source: Object) -> VerifiedObject:
    verdict = Verdict(source, "6.1", tuple(ProgramVerdict(p.name, Outcome.ACCEPTED) for p in source.programs))
    return verdict.require()


def waived(verified: VerifiedObject, reason: str) -> VerifiedObject:
    return verified.verdict.waive(reason)


def without_spec(verified: VerifiedObject) -> VerifiedObject:
    return accepted(replace(verified.object, spec=None))


def _relocations(text: str) -> tuple[Relocation, ...]:
    found: list[Relocation] = []
    slot = 0
    for line in filter(None, (line.strip() for line in text.splitlines())):
        if line.endswith(":"):
            continue
        found += [Relocation(slot, RelocationKind.MAP, match[1]) for match in _MAP.finditer(line)]
        slot += 2 if line.endswith(" ll") else 1
    return tuple(found)
