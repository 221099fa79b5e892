"""The front end, in order: a policy file in, typed functions out."""

from __future__ import annotations

from dataclasses import dataclass

from syrupc.errors import CompileError
from syrupc.frontend.declare import Declarations, Policy, declare
from syrupc.frontend.flow import changed_maps, check_flow
from syrupc.frontend.infer import Inference, TypedFunction
from syrupc.frontend.normalize import NormalForm, normalize
from syrupc.frontend.source import Findings, PolicySource, too_deep


@dataclass(frozen=True)
class TypedPolicy:
    """A policy, its function, and the helper functions that this calls: each before those that call it."""

    policy: Policy
    function: TypedFunction
    helpers: tuple[TypedFunction, ...]

    @property
    def drops(self) -> bool:
        """Whether DROP occurs at all."""
        return any(f.drops for f in (self.function, *self.helpers))


@dataclass(frozen=True)
class TypedPolicies:
    """All policies of a file, typed, with what they share."""

    declarations: Declarations
    policies: tuple[TypedPolicy, ...]


def analyze(source: PolicySource) -> TypedPolicies:
    """Check and type a policy file; raises `CompileError` with all that a stage found."""
    try:
        return _analyze(source)
    except RecursionError:
        raise CompileError(too_deep(source)) from None


def _analyze(source: PolicySource) -> TypedPolicies:
    declarations = declare(source)
    found = Findings(source)
    policies = [(policy, normalize(policy, declarations, found)) for policy in declarations.policies]
    helpers = {name: normalize(each, declarations, found) for name, each in declarations.helpers.items()}
    found.require_none()
    changes = changed_maps(helpers)
    for form in (*(form for _, form in policies), *helpers.values()):
        check_flow(form, changes, found)
    found.require_none()
    inferences = [Inference(declarations, helpers) for _ in policies]
    typed = [_typed(policy, form, each) for (policy, form), each in zip(policies, inferences, strict=True)]
    uncalled = helpers.keys() - {name for each in inferences for name in each.asked}
    for number, inference in enumerate(inferences):
        for diagnostic in inference.findings(uncalled if number == 0 else ()):
            found.add(diagnostic)
    found.require_none()
    return TypedPolicies(declarations, tuple(p for p in typed if p is not None))


def _typed(policy: Policy, form: NormalForm, inference: Inference) -> TypedPolicy | None:
    function = inference.policy(policy, form)
    return None if function is None else TypedPolicy(policy, function, inference.called())
