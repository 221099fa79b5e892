"""The gate: an object and a kernel in, a verdict out. The passes in order, on one page."""

from __future__ import annotations

from dataclasses import dataclass, replace

from syrupc.diagnostics import Diagnostic
from syrupc.kernel.map_types import BY_NAME as MAP_TYPE
from syrupc.kernel.profiles import KernelProfile, forgetful_after
from syrupc.kernel.program_types import ProgramType, of_section
from syrupc.objfile.btf import Btf, parse_btf
from syrupc.objfile.model import Costs, Object, Program
from syrupc.verifier.cfg import MAX_MAPS, Flow, Function, check_calls, check_flow
from syrupc.verifier.claims import as_claimed, check_claim
from syrupc.verifier.explain import diagnostic
from syrupc.verifier.explore import Walk, explore
from syrupc.verifier.findings import Finding, too_costly, unsafe, unsupported
from syrupc.verifier.promises import promise_of
from syrupc.verifier.signatures import signatures_of
from syrupc.verifier.subject import Promise, Subject, subject_of
from syrupc.verifier.types import check_types, special_maps
from syrupc.verifier.verdict import Outcome, ProgramVerdict, Verdict

STACK_LIMIT = 512


def verify(obj: Object, profile: KernelProfile) -> Verdict:
    """Judge every program of the object for that kernel and newer ones, with what its bytes say and nothing else."""
    types = _types(obj, profile)
    return Verdict(obj, profile.name, tuple(_verify_program(obj, program, types, profile) for program in obj.programs))


@dataclass(frozen=True, slots=True)
class _Types:
    """What the type information says: itself, why the kernel refuses it, and which maps hold more than plain data."""

    btf: Btf | None = None
    refused: Finding | None = None
    special: frozenset[str] = frozenset()


def _types(obj: Object, profile: KernelProfile) -> _Types:
    if not obj.btf:
        return _Types()
    btf = parse_btf(obj.btf)
    return _Types(btf, check_types(btf, profile), special_maps(btf, obj.maps))


def _verify_program(obj: Object, program: Program, types: _Types, profile: KernelProfile) -> ProgramVerdict:
    kind = of_section(program.section)
    if kind is None:
        return _without_walk(program.name, unsupported(f"a program in section `{program.section}`"))
    if kind.name not in profile.program_types:
        missing = f"Linux {profile.name} has no {kind.name} programs"
        return _without_walk(program.name, unsafe("SYR511", missing, f"they came with Linux {kind.since}"))
    subject = subject_of(program, kind, obj.maps, obj.license, profile, signatures_of(types.btf, program, kind.context))
    finding = _check_special(subject, types.special) or types.refused
    promise = finding or _promise(obj, program, kind)
    if isinstance(promise, Finding):
        return _verdict(subject, promise, Walk(None))
    return _held(obj.costs, replace(subject, promise=promise))


def _held(costs: Costs | None, subject: Subject) -> ProgramVerdict:
    """The verdict on the program, and on what the object says that it costs."""
    proven = _judge_for_newer(subject)
    claimed = costs.programs.get(subject.name) if costs else None
    if costs is None or claimed is None or proven.diagnostics or not check_claim(claimed, costs, proven):
        return proven
    finding = check_claim(claimed, costs, judge(as_claimed(subject, costs)))
    if finding is None:
        return proven
    return replace(proven, outcome=finding.outcome, diagnostics=(diagnostic(subject, finding),))


def _promise(obj: Object, program: Program, kind: ProgramType) -> Promise | Finding | None:
    """What the object says of the program, if it says anything."""
    said = next((each for each in obj.spec.programs if each.name == program.name), None) if obj.spec else None
    return promise_of(said, kind, obj.maps) if said else None


def _judge_for_newer(subject: Subject) -> ProgramVerdict:
    """The verdict for the kernel and the newer ones: the most that any of them walks, the first finding of any."""
    found = judge(subject)
    for kernel in forgetful_after(subject.kernel):
        if found.diagnostics:
            break
        other = judge(replace(subject, kernel=kernel, helpers=kernel.offered[subject.type.name]))
        if other.diagnostics:
            note = f"Linux {subject.kernel.name} would take it; Linux {kernel.name} concludes less here"
            return replace(other, diagnostics=tuple(replace(d, notes=(*d.notes, note)) for d in other.diagnostics))
        found = replace(found, processed=max(found.processed, other.processed), stack=max(found.stack, other.stack))
    return found


def judge(subject: Subject) -> ProgramVerdict:
    """Judge one program, for its kernel."""
    flow = _check_maps(subject) or check_flow(subject)
    if isinstance(flow, Finding):
        return _verdict(subject, flow, Walk(None))
    walk = explore(subject, flow)
    finding = walk.finding or check_calls(flow.functions)
    if finding:
        return _verdict(subject, finding, walk)
    stack = _stack_depth(subject, flow, walk)
    return _verdict(subject, _stack_overflow(stack) if stack > STACK_LIMIT else None, walk, stack)


def _verdict(subject: Subject, finding: Finding | None, walk: Walk, stack: int = 0) -> ProgramVerdict:
    return ProgramVerdict(
        program=subject.name,
        outcome=finding.outcome if finding else Outcome.ACCEPTED,
        diagnostics=(diagnostic(subject, finding, walk.turns),) if finding else (),
        executed=walk.executed,
        duration=None if walk.duration is None else -(-walk.duration // 1000),
        processed=walk.processed,
        stack=stack,
        slot=finding.slot if finding else -1,
    )


def _without_walk(name: str, finding: Finding) -> ProgramVerdict:
    found = Diagnostic(code=finding.code, message=f"{finding.message} (program `{name}`)", notes=finding.notes)
    return ProgramVerdict(name, finding.outcome, (found,))


def _check_special(subject: Subject, special: frozenset[str]) -> Finding | None:
    used = special & {subject.maps[use.map].name for use in subject.uses.values()}
    return unsupported(f"map `{min(used)}`, whose values hold more than plain data,") if used else None


def _check_maps(subject: Subject) -> Finding | None:
    """What does not depend on how the maps are used."""
    used = {use.map for use in subject.uses.values()}
    if len(used) > MAX_MAPS:
        return too_costly(f"the program uses more than {MAX_MAPS} maps")
    types = [subject.maps[number].type for number in used]
    if any(types.count(kind) > 1 for kind in _CGROUP_STORAGE):
        return unsafe("SYR518", "a program has at most one map of each kind of cgroup storage")
    return None


_CGROUP_STORAGE = (MAP_TYPE["cgroup_storage"].number, MAP_TYPE["percpu_cgroup_storage"].number)


def _stack_depth(subject: Subject, flow: Flow, walk: Walk) -> int:
    """The deepest use over all chains of calls, each frame rounded up as the kernel does."""
    used = dict(walk.depths)
    deepest: dict[int, int] = {}

    def depth(function: Function) -> int:
        if function.start not in deepest:
            below = max((depth(flow.functions[target]) for _, target in function.calls), default=0)
            deepest[function.start] = _rounded(subject, used.get(function.start, 0)) + below
        return deepest[function.start]

    return depth(flow.functions[0])


def _rounded(subject: Subject, size: int) -> int:
    if subject.kernel.reasoning.rounds_frames_to_16:
        return size + 15 & ~15
    return max(size, 1) + 31 & ~31


def _stack_overflow(stack: int) -> Finding:
    found = too_costly(
        "the functions together need too much stack",
        f"the deepest chain of calls needs {stack} bytes; kernels give {STACK_LIMIT}",
        help="move large locals into a map, or merge functions",
    )
    return replace(found, code="SYR507")
