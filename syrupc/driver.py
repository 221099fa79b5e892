"""The stages of a compilation, in order: the one module that knows them all.

policy.py -> PolicySource -> TypedPolicies -> IRModule -> Object -> Verdict -> VerifiedObject
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from syrupc.diagnostics import Diagnostic, Span
from syrupc.errors import CompileError, InternalError
from syrupc.files import read_source
from syrupc.frontend.marks import asked_kernel
from syrupc.frontend.source import PolicySource
from syrupc.kernel.profiles import KernelProfile
from syrupc.lower.emit import StackExceeded, emit, start
from syrupc.objfile.costs import filled
from syrupc.objfile.reader import read_object
from syrupc.options import Options
from syrupc.verifier.claims import costs_of
from syrupc.verifier.gate import STACK_LIMIT, verify
from syrupc.verifier.verdict import Outcome, ProgramVerdict, Verdict, VerifiedObject

# A policy may be too costly, or loop for ever; nothing else that the verifier finds can be a policy's fault.
_ENDLESS = "SYR514"
_CONTROL_FLOW = "SYR502"
_OURS = (Outcome.UNSAFE, Outcome.NOT_PROVEN, Outcome.UNSUPPORTED)

if TYPE_CHECKING:
    from syrupc.frontend.analyze import TypedPolicies
    from syrupc.lower.emitter import Emitted

Text = Literal["asm", "llvm", "numba"]


def compile_file(path: Path, options: Options) -> VerifiedObject:
    """Compile a policy file. Raises `UsageError`, `CompileError`, `VerificationError`."""
    return compile_source(read_source(str(path)), options)


def compile_source(source: PolicySource, options: Options) -> VerifiedObject:
    """Compile a policy. What comes back is proven safe for the kernel of `options` and every newer one."""
    return judge(source, options).require()


def judge(source: PolicySource, options: Options) -> Verdict:
    """Compile a policy and say what the pre-verifier thinks of it: accepted, or too costly. Raises `CompileError`."""
    kernel = options.profile_for(asked_kernel(source))
    verdict = _verified(_emit(_analyze(source), options, kernel), kernel)
    if any(d.code == _CONTROL_FLOW for d in verdict.diagnostics):
        # Kernels before 6.12 want loops entered at their tops, and LLVM may have put something else in front of one.
        verdict = _verified(_emit(_analyze(source), options, kernel, in_order=True), kernel)
    if any(p.outcome in _OURS and not _endless(p) for p in verdict.programs):
        raise _unproven(verdict)
    return _with_costs(verdict, kernel) if verdict.accepted else verdict


def _verified(emitted: Emitted, kernel: KernelProfile) -> Verdict:
    return verify(read_object(emitted.object_code), kernel)  # what is judged is what ships


def _with_costs(verdict: Verdict, kernel: KernelProfile) -> Verdict:
    """The same for the object that says what its programs cost."""
    obj, costs = verdict.object, costs_of(verdict, kernel.release)
    return replace(verdict, object=replace(obj, data=filled(obj.data, costs), costs=costs))


def _endless(program: ProgramVerdict) -> bool:
    return {d.code for d in program.diagnostics} == {_ENDLESS}


def _unproven(verdict: Verdict) -> InternalError:
    """Code that we emitted must be safe whatever the policy says: if it is not proven, the compiler is at fault."""
    first = verdict.diagnostics[0]
    return InternalError(
        Diagnostic(
            "SYR901",
            f"the code for this policy is not proven safe: {first.message}",
            first.span,
            notes=("stage: verify; this is a fault of syrupc, not of the policy", *first.notes),
            details=(first.code, *first.details),
            help=("report it with the policy",),
        )
    )


def emit_text(path: Path, options: Options, kind: Text) -> str:
    """The policy in one of the forms for people. Raises as `compile_file`.

    The assembly is LLVM's: in the object sums may be written as differences, and blocks stand in another order.
    """
    source = read_source(str(path))
    policies = _analyze(source)
    if kind == "numba":
        functions = (f for policy in policies.policies for f in (*policy.helpers, policy.function))
        return "\n".join(f.func_ir.dump_to_string() for f in functions)
    emitted = _emit(policies, options, options.profile_for(asked_kernel(source)), with_text=True)
    return emitted.assembly if kind == "asm" else emitted.optimised


def _analyze(source: PolicySource) -> TypedPolicies:
    start()  # LLVM starts beside us while Numba is imported
    from syrupc.frontend.analyze import analyze

    return analyze(source)


def _emit(
    policies: TypedPolicies,
    options: Options,
    kernel: KernelProfile,
    *,
    with_text: bool = False,
    in_order: bool = False,
) -> Emitted:
    from syrupc.lower.lower import lower
    from syrupc.lower.module import Target
    from syrupc.lower.sums import as_differences

    hooks = (options.hook,) if options.hook else None
    module = lower(policies, Target(kernel, options.max_executors), hooks)
    try:
        emitted = emit(module.text, f"v{kernel.isa}", module.late, with_text=with_text, in_order=in_order)
    except StackExceeded as exceeded:
        raise CompileError(_stack_exceeded(policies.declarations.source, exceeded)) from None
    if kernel.reasoning.adds_wrapped:
        return emitted
    return replace(emitted, object_code=as_differences(emitted.object_code))


def _stack_exceeded(source: PolicySource, exceeded: StackExceeded) -> Diagnostic:
    return Diagnostic(
        "SYR302",
        f"the policy needs more than the {STACK_LIMIT} bytes of stack that programs have",
        Span(source.path_name, exceeded.line, exceeded.column),
        notes=(
            "records that are read, made, stored or used as keys lie on the stack, each for its size",
            "numbers that are needed again later lie there, too, where there are more than registers",
        ),
        help=(
            "make the structs smaller, or change an entry in place: `ref = m.lookup(key)`",
            "use a number soon after it was read",
        ),
    )
