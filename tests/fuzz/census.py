"""What generated policies consist of and what came of them, counted over their syntax and their outcomes."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from syrupc.spec import MapKind

_MAPS = frozenset(kind.value for kind in MapKind)


def features(text: str) -> frozenset[str]:
    """Every construct that occurs in a policy file, by a name that says what it is."""
    return frozenset(_all(ast.parse(text)))


def _all(module: ast.Module) -> Iterator[str]:
    policies = sum(isinstance(n, ast.FunctionDef) and bool(n.decorator_list) for n in module.body)
    yield f"file: {policies} functions"
    for node in ast.walk(module):
        yield from _features(node)
    yield from _loops(module, ())


def _features(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.BinOp(op=op) | ast.UnaryOp(op=op) | ast.BoolOp(op=op):
            yield f"operator: {type(op).__name__}"
        case ast.AugAssign(op=op, target=target):
            yield f"augmented: {type(target).__name__} {type(op).__name__}"
        case ast.Compare(ops=ops):
            yield "comparison: chain" if len(ops) > 1 else f"comparison: {type(ops[0]).__name__}"
        case ast.Call(func=ast.Name(id=name)):
            yield f"call: {name}"
        case ast.Call(func=ast.Attribute(attr=name)):
            yield f"map kind: {name}" if name in _MAPS else f"method: {name}"
            if name in _MAPS:
                yield from _map_types(node)
        case ast.AnnAssign(annotation=annotation):
            yield f"annotated: {ast.unparse(annotation)}"
        case ast.Assign(targets=[_, _, *_]):
            yield "statement: chain of assignments"
        case ast.Assign(targets=[ast.Tuple()]):
            yield "statement: tuple assignment"
        case ast.match_case(guard=ast.expr()):
            yield "statement: case with a guard"
        case ast.MatchOr():
            yield "statement: case of several"
        case ast.Attribute(attr="PASS" | "DROP" as name):
            yield f"decision: {name}"
        case ast.stmt():
            yield f"statement: {type(node).__name__}"
        case ast.IfExp() | ast.NamedExpr() | ast.Subscript():
            yield f"expression: {type(node).__name__}"


def _map_types(call: ast.Call) -> Iterator[str]:
    types = [ast.unparse(a) for a in call.args[:-1]]
    yield f"value type: {types[-1]}"
    yield from (f"key type: {name}" for name in types[:-1])


def _loops(node: ast.AST, around: tuple[str, ...]) -> Iterator[str]:
    """How loops are nested."""
    if isinstance(node, ast.For | ast.While):
        around = (*around, "for" if isinstance(node, ast.For) else "while")
        yield f"loop: {' in '.join(reversed(around))}"
        if node.orelse:
            yield f"loop: {around[-1]} … else"
    for child in ast.iter_child_nodes(node):
        yield from _loops(child, around)


def report(programs: int, found: Counter[str], outcomes: Counter[str]) -> Iterator[str]:
    """The census as text: for each feature the share of programs that have it, for each outcome its share."""
    decisions = sum(outcomes.values())
    yield f"decisions ({decisions}): " + _shares(outcomes, max(decisions, 1))
    for group in dict.fromkeys(name.partition(":")[0] for name in sorted(found)):
        members = Counter({n.partition(": ")[2]: c for n, c in found.items() if n.startswith(f"{group}:")})
        yield f"{group}: " + _shares(members, max(programs, 1))


def _shares(counts: Counter[str], total: int) -> str:
    return ", ".join(f"{name} {_percent(count / total)}" for name, count in counts.most_common())


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else f"{share:.1%}"
