"""The front end, in order: a policy file in, typed functions out."""

from __future__ import annotations

from dataclasses import dataclass

from syrupc.errors import CompileError
from syrupc.frontend.declare import Declarations, declare
from syrupc.frontend.flow import check_flow
from syrupc.frontend.infer import TypedFunction, infer
from syrupc.frontend.normalize import normalize
from syrupc.frontend.source import Findings, PolicySource, too_deep


@dataclass(frozen=True)
class TypedPolicies:
    """All policies of a file, typed, with what they share."""

    declarations: Declarations
    functions: tuple[TypedFunction, ...]


def analyze(source: PolicySource) -> TypedPolicies:
    """Check and type a policy file; raises `CompileError` with all that a stage found."""
    try:
        return _analyze(source)
    except RecursionError:
        raise CompileError(too_deep(source)) from None


def _analyze(source: PolicySource) -> TypedPolicies:
    declarations = declare(source)
    found = Findings(source)
    forms = [(policy, normalize(policy, declarations, found)) for policy in declarations.policies]
    found.require_none()
    for _, form in forms:
        check_flow(form.node, found)
    found.require_none()
    functions = [infer(policy, form, declarations, found) for policy, form in forms]
    found.require_none()
    return TypedPolicies(declarations, tuple(f for f in functions if f is not None))
