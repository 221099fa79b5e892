"""The back end, in order: typed policies in, one LLVM module and its description out."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from llvmlite import ir

from syrupc.frontend.analyze import TypedPolicies
from syrupc.frontend.infer import TypedFunction
from syrupc.frontend.source import PolicySource
from syrupc.kernel.hooks import HOOKS
from syrupc.lower.code import FunctionState
from syrupc.lower.debug import FunctionDebug
from syrupc.lower.module import BYTE_POINTER, REUSEPORT_SOCKARRAY, FaultTable, ModuleBuilder, Target
from syrupc.lower.socket import Entry, emit_entry
from syrupc.lower.target import lower_function
from syrupc.objfile.metadata import encode_spec
from syrupc.spec import HookSpec, MapSpec, ObjectSpec, ProgramSpec

_EXECUTOR_MAP_TYPES: Final = {"reuseport_sockarray": REUSEPORT_SOCKARRAY}


@dataclass(frozen=True)
class IRModule:
    """LLVM IR of a policy file, and what the object will say of itself."""

    text: str
    spec: ObjectSpec


def lower(policies: TypedPolicies, target: Target, hooks: tuple[str, ...] | None = None) -> IRModule:
    """Lower every policy for each of its hooks; `hooks` limits to some. Raises `CompileError`."""
    declarations = policies.declarations
    builder = ModuleBuilder(declarations.source, target)
    maps = {name: builder.declared_map(spec) for name, spec in declarations.maps.items()}
    executors: dict[str, ir.GlobalVariable] = {}
    programs = [
        _program(builder, function, HOOKS[hook], maps, executors)
        for function in policies.functions
        for hook in function.policy.spec.hooks
        if hooks is None or hook in hooks
    ]
    assert programs, "every policy is for the one hook that there is"
    spec = ObjectSpec(
        source=declarations.source.base_name,
        source_sha256=declarations.source.sha256,
        programs=tuple(programs),
        maps=tuple(_portable(m, declarations.source) for m in declarations.maps.values()),
    )
    builder.describe(encode_spec(spec))
    return IRModule(builder.text(), spec)


def _program(
    builder: ModuleBuilder,
    function: TypedFunction,
    hook: HookSpec,
    maps: Mapping[str, ir.GlobalVariable],
    executors: dict[str, ir.GlobalVariable],
) -> ProgramSpec:
    name = function.policy.spec.name
    line = function.policy.spec.function.span.line
    if hook.name not in executors:
        kernel_type = _EXECUTOR_MAP_TYPES[hook.executor_map]
        executors[hook.name] = builder.executors(f"syrup_{hook.name}", kernel_type)
    faults = FaultTable(builder.target)
    body = _body(builder, function, f"{name}.{hook.name}.body", maps, faults)
    counters = builder.counters(f"syrup_counts_{name}", faults.slots)
    entry = Entry(name, hook.section, body, function.drops, executors[hook.name], counters, line)
    emit_entry(entry, builder.module, builder.debug)
    return ProgramSpec(
        name=name,
        hook=hook.name,
        executors=executors[hook.name].name,
        counters=counters.name,
        max_executors=builder.target.max_executors,
        faults=faults.sites,
    )


def _body(
    builder: ModuleBuilder,
    function: TypedFunction,
    name: str,
    maps: Mapping[str, ir.GlobalVariable],
    faults: FaultTable,
) -> ir.Function:
    """The policy's own function, to be inlined into its program."""
    state = FunctionState(builder, faults, maps)
    scope = builder.debug.scope(name, function.policy.spec.function.span.line)
    lowered = lower_function(function, name, state, FunctionDebug(builder.debug, scope))
    lowered.set_metadata("dbg", scope)
    assert lowered.args[1].type == BYTE_POINTER
    return lowered


def _portable(spec: MapSpec, source: PolicySource) -> MapSpec:
    """Without the folder that the source happened to lie in."""
    span = spec.span and dataclasses.replace(spec.span, file=source.base_name)
    return dataclasses.replace(spec, span=span)
