"""Helper functions of a policy file: `@syrup.func` above a function with annotations, which policies call."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from syrupc.frontend.layouts import Names, annotation_text
from syrupc.frontend.source import Findings, Located
from syrupc.frontend.suggest import did_you_mean
from syrupc.spec import INT_TYPES, FunctionSpec, Input, IntType, StructType

VIEW: Final = "View"
EXECUTOR: Final = "Executor"

Annotation: TypeAlias = IntType | StructType | Input | str
"""What a parameter or a result is declared as: `VIEW` and `EXECUTOR` by name."""


@dataclass(frozen=True)
class Helper:
    """A helper function. `results` is empty for one that returns nothing, and longer than one for several values."""

    spec: FunctionSpec
    node: ast.FunctionDef
    parameters: tuple[Annotation, ...]
    results: tuple[Annotation, ...]

    @property
    def name(self) -> str:
        return self.spec.name


def helper(node: ast.FunctionDef, header: Located, names: Names) -> Helper | None:
    """Read the signature, or say what is wrong with it."""
    arguments = node.args
    extra = arguments.posonlyargs or arguments.kwonlyargs or arguments.vararg or arguments.kwarg or arguments.defaults
    if extra or len(getattr(node, "type_params", ())):
        message = "a helper function has plain parameters only, without defaults"
        names.found.error("SYR105", message, header, help=_example(node))
        return None
    parameters = [_parameter(node, a, names) for a in arguments.args]
    results = _results(node, header, names)
    if results is None or None in parameters:
        return None
    spec = FunctionSpec(node.name, tuple(a.arg for a in arguments.args), names.found.source.span(node))
    return Helper(spec, node, tuple(p for p in parameters if p is not None), results)


def check_recursion(helpers: Mapping[str, Helper], found: Findings) -> None:
    """Report helpers that call themselves, directly or through others (SYR112)."""
    calls = {name: _calls(each.node, helpers) for name, each in helpers.items()}
    for name in helpers:
        cycle = _path(name, name, calls)
        if cycle:
            through = "" if len(cycle) == 1 else f" through {', '.join(f'`{each}`' for each in cycle[1:])}"
            found.error(
                "SYR112",
                f"`{name}` calls itself{through}",
                calls[name][cycle[1] if len(cycle) > 1 else name],
                notes=("a decision takes a bounded number of steps and a fixed amount of stack",),
                help=("write it as a loop with a bound: `for i in range(8):`",),
            )


def _path(start: str, goal: str, calls: Mapping[str, Mapping[str, ast.Call]]) -> list[str]:
    """The names on a way from `start` back to `goal`, without the goal at its end; empty if there is none."""
    ways = [[start]]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        for called in calls[way[-1]]:
            if called == goal:
                return way
            if called not in seen:
                seen.add(called)
                ways.append([*way, called])
    return []


def _calls(node: ast.FunctionDef, helpers: Mapping[str, Helper]) -> dict[str, ast.Call]:
    found: dict[str, ast.Call] = {}
    for each in ast.walk(node):
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id in helpers:
            found.setdefault(each.func.id, each)
    return found


def _parameter(node: ast.FunctionDef, parameter: ast.arg, names: Names) -> Annotation | None:
    kind = None if parameter.annotation is None else _annotation(parameter.annotation, names)
    if kind is None or kind == EXECUTOR:
        message = f"the parameter `{parameter.arg}` is not annotated with a type of the language"
        help_lines = _meant(parameter.annotation, names) or _example(node)
        names.found.error("SYR105", message, parameter.annotation or parameter, notes=_KNOWN, help=help_lines)
        return None
    return kind


def _results(node: ast.FunctionDef, header: Located, names: Names) -> tuple[Annotation, ...] | None:
    match node.returns:
        case ast.Constant(value=None):
            return ()
        case ast.Subscript(value=ast.Name(id="tuple"), slice=ast.Tuple(elts=parts)) if len(parts) > 1:
            kinds = [_annotation(p, names) for p in parts]
        case ast.expr() as annotation:
            kinds = [_annotation(annotation, names)]
        case None:
            kinds = [None]
    unfit = any(k is None or isinstance(k, Input) or k == VIEW for k in kinds)
    if unfit or (len(kinds) > 1 and EXECUTOR in kinds):
        message = f"the result of `{node.name}` is not annotated with a type of the language"
        help_lines = _meant(node.returns, names) or _example(node)
        names.found.error("SYR105", message, node.returns or header, notes=_KNOWN, help=help_lines)
        return None
    return tuple(k for k in kinds if k is not None)


def _annotation(node: ast.expr, names: Names) -> Annotation | None:
    spelling = annotation_text(node)
    if spelling in names.structs:
        return names.structs[spelling]
    own = spelling in ("int", "bool") and not names.bindings.get(spelling)
    name = names.exports.get(spelling, spelling if own else "")
    if name in (VIEW, EXECUTOR):
        return name
    return INT_TYPES.get(name) or next((kind for kind in Input if kind.value == name), None)


def _meant(node: ast.expr | None, names: Names) -> tuple[str, ...]:
    known = [*names.structs, *(s for s, n in names.exports.items() if n in INT_TYPES or n in (VIEW, EXECUTOR))]
    return did_you_mean(annotation_text(node), known) if node else ()


_PARAMETERS: Final = ", ".join((*INT_TYPES, "structs of the file", "`syrup.Packet`", "`syrup.View`"))
_KNOWN: Final = (f"known: {_PARAMETERS}; for results also `tuple[int, int]`, `syrup.Executor` and `None`",)


def _example(node: ast.FunctionDef) -> tuple[str, ...]:
    return (f"for example `def {node.name}(pkt: syrup.Packet, key: u64) -> int:`",)
