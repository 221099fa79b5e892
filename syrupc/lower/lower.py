"""The back end, in order: typed policies in, one LLVM module and its description out."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from llvmlite import ir

from syrupc.frontend.analyze import TypedPolicies, TypedPolicy
from syrupc.frontend.infer import HelperKey, TypedFunction
from syrupc.frontend.source import PolicySource
from syrupc.kernel.hooks import HOOKS
from syrupc.lower.calls import REGISTERS
from syrupc.lower.code import FunctionState
from syrupc.lower.debug import FunctionDebug
from syrupc.lower.module import REUSEPORT_SOCKARRAY, FaultTable, ModuleBuilder, Target
from syrupc.lower.socket import Entry, emit_decide, emit_entry
from syrupc.lower.target import lower_function
from syrupc.spec import HookSpec, MapSpec, ObjectSpec, ProgramSpec

_EXECUTOR_MAP_TYPES: Final = {"reuseport_sockarray": REUSEPORT_SOCKARRAY}


@dataclass(frozen=True)
class IRModule:
    """LLVM IR of a policy file, and what the object will say of itself."""

    text: str
    late: str
    spec: ObjectSpec


def lower(policies: TypedPolicies, target: Target, hooks: tuple[str, ...] | None = None) -> IRModule:
    """Lower every policy for each of its hooks; `hooks` limits to some. Raises `CompileError`."""
    declarations = policies.declarations
    builder = ModuleBuilder(declarations.source, target)
    maps = {name: builder.declared_map(spec) for name, spec in declarations.maps.items()}
    executors: dict[str, ir.GlobalVariable] = {}
    programs = [
        _program(builder, policy, HOOKS[hook], maps, executors)
        for policy in policies.policies
        for hook in policy.policy.spec.hooks
        if hooks is None or hook in hooks
    ]
    assert programs, "every policy is for the one hook that there is"
    spec = ObjectSpec(
        source=declarations.source.base_name,
        source_sha256=declarations.source.sha256,
        programs=tuple(programs),
        maps=tuple(_portable(m, declarations.source) for m in declarations.maps.values()),
    )
    builder.describe(spec)
    return IRModule(builder.text(), builder.late_text(), spec)


def _program(
    builder: ModuleBuilder,
    policy: TypedPolicy,
    hook: HookSpec,
    maps: Mapping[str, ir.GlobalVariable],
    executors: dict[str, ir.GlobalVariable],
) -> ProgramSpec:
    name = policy.policy.spec.name
    line = policy.policy.spec.function.span.line
    if hook.name not in executors:
        kernel_type = _EXECUTOR_MAP_TYPES[hook.executor_map]
        executors[hook.name] = builder.executors(f"syrup_{hook.name}", kernel_type)
    faults = FaultTable(builder.target)
    functions = _Functions(builder, maps, faults, f"{name}.{hook.name}")
    sites = Counter(key for each in (policy.function, *policy.helpers) for key in each.calls)
    for helper in policy.helpers:
        functions.add_helper(helper, sites[helper.key])
    decide = emit_decide(f"{name}.{hook.name}.decide", executors[hook.name], builder.module)
    body = functions.body(policy.function, decide)
    counters = builder.counters(f"syrup_counts_{name}", faults.slots)
    entry = Entry(name, hook.section, body, policy.drops, counters, line)
    emit_entry(entry, builder.module, builder.debug)
    return ProgramSpec(
        name=name,
        hook=hook.name,
        executors=executors[hook.name].name,
        counters=counters.name,
        max_executors=builder.target.max_executors,
        drops=policy.drops,
        faults=faults.sites,
    )


class _Functions:
    """The functions of one program, for LLVM to inline: the policy's own, and its helpers.

    A helper that is large and called from several places stays a function, which kernels take if its arguments fit
    registers; any other is inlined.
    """

    def __init__(
        self, builder: ModuleBuilder, maps: Mapping[str, ir.GlobalVariable], faults: FaultTable, prefix: str
    ) -> None:
        self.builder, self.maps, self.faults, self.prefix = builder, maps, faults, prefix
        self.helpers: dict[HelperKey, ir.Function] = {}
        self._depths: dict[HelperKey, int] = {}

    def add_helper(self, function: TypedFunction, sites: int) -> None:
        """Lower a helper that is called at so many places; those that it calls were added before."""
        lowered = self._lower(function, f"{self.prefix}.{function.spec.name}.{len(self.helpers)}")
        depth = 1 + max((self._depths[key] for key in function.calls), default=0)
        apart = sites > 1 and depth <= _DEEPEST and _fits_registers(lowered) and _size(lowered) > _LARGE
        if apart:
            lowered.attributes.discard("alwaysinline")
            lowered.attributes.add("noinline")
        self.helpers[function.key], self._depths[function.key] = lowered, depth

    def body(self, function: TypedFunction, decide: ir.Function) -> ir.Function:
        """Lower the policy's own function, whose decision `decide` carries out."""
        return self._lower(function, f"{self.prefix}.body", decide)

    def _lower(self, function: TypedFunction, name: str, decide: ir.Function | None = None) -> ir.Function:
        state = FunctionState(self.builder, self.faults, self.maps, self.helpers, decide)
        names = ("result", *function.spec.parameters)
        debug = self.builder.debug
        scope = debug.function(name, names, function.spec.span.line)
        lowered = lower_function(function, name, state, FunctionDebug(debug, scope))
        lowered.set_metadata("dbg", scope)
        return lowered


_DEEPEST: Final = 4
"""Calls within calls that stay calls. The kernel follows eight, and all share its 512 bytes of stack."""


_LARGE: Final = 250
"""Instructions of LLVM, before it optimises, from which a helper is large: a tenth remain of them."""


def _size(function: ir.Function) -> int:
    return sum(len(block.instructions) for block in function.blocks)


def _fits_registers(function: ir.Function) -> bool:
    leaves = (ir.IntType, ir.PointerType)
    return len(function.args) <= REGISTERS and all(isinstance(a.type, leaves) for a in function.args)


def _portable(spec: MapSpec, source: PolicySource) -> MapSpec:
    """Without the folder that the source happened to lie in."""
    span = spec.span and dataclasses.replace(spec.span, file=source.base_name)
    return dataclasses.replace(spec, span=span)
